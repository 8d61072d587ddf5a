// tensor: the two shapes of data. Leaves (vector and table here, matrix in matrix.hpp) own parameters and carry their
// shape in the type; rows view activations, whose count is known at run time. Nothing here depends on the instruction
// set.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace constformer {

// How a matrix stores its numbers: as they are, rounded to bfloat16, to 8 bits with a scale for each output, or to 8 or
// 4 bits with a scale for each 32 inputs of an output (core/blocks.hpp), as GGUF files store them.
enum class element : std::uint8_t { f32, bf16, i8, q8, q4 };
using enum element;
constexpr std::string_view name_of(element e) {
    constexpr std::string_view names[] = {"f32", "bf16", "i8", "q8", "q4"};
    return names[int(e)];
}
// Whether it is stored in blocks that share a scale.
constexpr bool in_blocks(element e) { return e == q8 || e == q4; }
// How a model whose matrices are of element e stores its table of words: half of a small model's bytes.
constexpr element words_of(element e) { return e == i8 ? q8 : in_blocks(e) ? e : f32; }

// Outputs that lie side by side in a packed matrix: a constant of the format, not of one machine's registers, so that
// one weights file serves every instruction set.
inline constexpr int panel = 16;
constexpr int round_up(int n, int to) { return (n + to - 1) / to * to; }

// A leaf is where parameters live: it alone knows their layout. put(r, values) writes row r of PyTorch's (rows,
// columns).
template <class T>
concept leaf = requires(T t, const float* values) {
    { T::leaf_rows } -> std::convertible_to<int>;
    { T::leaf_columns } -> std::convertible_to<int>;
    { T::leaf_element } -> std::convertible_to<element>;
    t.put(0, values);
    { t.at(0, 0) } -> std::convertible_to<float>;
};

// A parameter that is gathered by row: (Rows, Columns), row-major. Rows are padded with zeros to whole panels only
// where there is one row, so that kernels read a bias without a tail.
template <int Rows, int Columns> struct alignas(64) table {
    static_assert(Rows > 0 && Columns > 0, "table: both extents must be positive");
    static constexpr int leaf_rows = Rows, leaf_columns = Columns;
    static constexpr element leaf_element = f32;
    static constexpr std::size_t stored =
        Rows == 1 ? std::size_t(round_up(Columns, panel)) : std::size_t(Rows) * std::size_t(Columns);
    float data[stored];

    [[nodiscard]] const float* operator[](int r) const { return data + std::size_t(r) * Columns; }
    [[nodiscard]] float at(int r, int c) const { return data[std::size_t(r) * Columns + std::size_t(c)]; }
    void put(int r, const float* values) {
        std::memcpy(data + std::size_t(r) * Columns, values, sizeof(float) * Columns);
    }
};
template <int N> using vector = table<1, N>;

// A parameter that this architecture or checkpoint lacks. Each use has a type of its own: two empty members of one type
// may not share an address, and the struct would grow.
template <class T> struct absent {};
template <bool On, class T> using when = std::conditional_t<On, T, absent<T>>;

// A view of activations: (count, Width), row-major; rows lie `stride` elements apart, so a view may be a range of
// columns of something wider. Owns nothing.
template <int Width, class T = float> struct rows {
    static constexpr int width = Width;
    T* data;
    int count;
    int stride = Width;

    [[nodiscard]] T* operator[](int i) const { return data + std::ptrdiff_t(i) * stride; }
    // `size` rows from `first` on.
    [[nodiscard]] rows part(int first, int size) const { return {(*this)[first], size, stride}; }
    // `Columns` columns from `first` on.
    template <int Columns> [[nodiscard]] rows<Columns, T> columns(int first) const {
        static_assert(Columns <= Width, "rows: a range of columns must lie inside the row");
        return {data + first, count, stride};
    }
    operator rows<Width, const T>() const
        requires(!std::is_const_v<T>)
    {
        return {data, count, stride};
    }
};
template <int Width> using const_rows = rows<Width, const float>;

// A destination that is added to instead of overwritten: y += f(x) is f.forward(x, onto(y)).
template <int Width> struct onto_rows {
    rows<Width> to;
};
template <int Width> constexpr onto_rows<Width> onto(rows<Width> x) { return {x}; }

// Where a result goes: rows (overwritten) or onto(rows) (added to).
template <class To, int Width>
concept destination = std::same_as<To, rows<Width>> || std::same_as<To, onto_rows<Width>>;

// The lengths of a packed batch: the tokens of all sentences lie end to end. What a forward's memory and work depend
// on. One sentence converts from its number of tokens.
struct lengths {
    int tokens = 0, longest = 0, sentences = 0;
    double squares = 0; // the sum of length², the work of attention

    constexpr lengths(int one) : lengths(std::span<const int>(&one, 1)) {}
    template <std::size_t N> constexpr lengths(const std::array<int, N>& each) : lengths(std::span<const int>(each)) {}
    constexpr lengths(std::span<const int> each) {
        for (int n : each) {
            tokens += n, longest = n > longest ? n : longest, ++sentences;
            squares += double(n) * n;
        }
    }
};

} // namespace constformer
