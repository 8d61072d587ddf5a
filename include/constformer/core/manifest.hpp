// manifest: what a weights struct holds, read from its own declaration: {path, shape, element, offset}, in order.
// The struct is the file, so this is also the file's table of contents.
#pragma once

#include "constformer/core/reflect.hpp"
#include "constformer/core/tensor.hpp"

namespace constformer {

// One parameter tensor: PyTorch's (rows, columns), or (columns) where rows is 1.
struct parameter {
    char text[80] = {};
    int length = 0;
    int rows = 0, columns = 0;
    element type = f32;
    std::size_t offset = 0, bytes = 0; // within the weights struct, as stored
    [[nodiscard]] constexpr std::string_view path() const { return {text, std::size_t(length)}; }
};

namespace detail {
template <class T> inline constexpr int repeats = 0;
template <class T, std::size_t N> inline constexpr int repeats<std::array<T, N>> = int(N);
template <class T> inline constexpr bool is_absent = false;
template <class T> inline constexpr bool is_absent<absent<T>> = true;

struct trail { // the path so far
    char text[80] = {};
    int size = 0;
    constexpr trail then(std::string_view s) const {
        trail t = *this;
        if (t.size != 0) t.text[t.size++] = '.';
        for (char c : s) t.text[t.size++] = c; // a path over 79 characters is not a constant expression
        return t;
    }
    constexpr trail then(int i) const {
        char digits[3];
        int n = 0;
        do digits[n++] = char('0' + i % 10);
        while ((i /= 10) != 0);
        trail t = then(std::string_view{});
        while (n != 0) t.text[t.size++] = digits[--n];
        return t;
    }
};

// Visits the leaves of T in order; returns the offset behind T.
template <class T, class F> constexpr std::size_t walk(const trail& at, std::size_t offset, F&& f) {
    if constexpr (leaf<T>) {
        f(at, T::leaf_rows, T::leaf_columns, T::leaf_element, offset, sizeof(T));
        return offset + sizeof(T);
    } else if constexpr (is_absent<T>) {
        return offset;
    } else if constexpr (repeats<T> > 0) {
        for (int i = 0; i < repeats<T>; ++i) offset = walk<typename T::value_type>(at.then(i), offset, f);
        return offset;
    } else {
        static_assert(std::is_aggregate_v<T> && std::is_class_v<T>,
                      "layer: every member must be a matrix, a table, a vector, another layer, or an array of layers");
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            using all = decltype(reflect::members(std::declval<T&>()));
            ((offset = walk<std::remove_cvref_t<decltype(reflect::at<I>(std::declval<all>()))>>(
                  at.then(reflect::name<T, I>()), offset, f)),
             ...);
            return offset;
        }(std::make_index_sequence<reflect::count<T>()>{});
    }
}
template <class T> consteval std::size_t leaves() {
    std::size_t n = 0;
    walk<T>({}, 0, [&](auto&&...) { ++n; });
    return n;
}
template <class T> consteval std::size_t end_of() {
    return walk<T>({}, 0, [](auto&&...) {});
}
} // namespace detail

// Every parameter tensor of a layer or model, in memory order. A layer that holds anything else does not compile.
template <class T> consteval auto manifest() {
    static_assert(detail::end_of<T>() == sizeof(T), "manifest: a layer holds something that is not a parameter");
    std::array<parameter, detail::leaves<T>()> all{};
    std::size_t n = 0;
    detail::walk<T>(
        {}, 0, [&](const detail::trail& t, int rows, int columns, element e, std::size_t offset, std::size_t bytes) {
            parameter& p = all[n++];
            for (int i = 0; i < t.size; ++i) p.text[i] = t.text[i];
            p.length = t.size, p.rows = rows, p.columns = columns, p.type = e, p.offset = offset, p.bytes = bytes;
        });
    return all;
}

// The number of trainable numbers, padding not counted: PyTorch's sum(p.numel() for p in model.parameters()).
template <class T> consteval std::size_t parameters() {
    std::size_t n = 0;
    detail::walk<T>({}, 0, [&](const detail::trail&, int rows, int columns, element, std::size_t, std::size_t) {
        n += std::size_t(rows) * std::size_t(columns);
    });
    return n;
}

// Names the layout: FNV-1a over every path, shape, element and offset. A weights file carries it.
template <class T> consteval std::uint64_t manifest_hash() {
    std::uint64_t hash = 0xcbf29ce484222325;
    auto mix = [&](std::uint64_t value) {
        for (int i = 0; i < 8; ++i) hash = (hash ^ (value >> (8 * i) & 0xff)) * 0x100000001b3;
    };
    detail::walk<T>(
        {}, 0, [&](const detail::trail& t, int rows, int columns, element e, std::size_t offset, std::size_t bytes) {
            for (int i = 0; i < t.size; ++i) mix(std::uint64_t(t.text[i]));
            mix(std::uint64_t(rows)), mix(std::uint64_t(columns)), mix(std::uint64_t(e)), mix(offset), mix(bytes);
        });
    return hash;
}

// Calls f(leaf&) for every leaf of a live object, in manifest order.
template <class T, class F> void each_leaf(T& weights, F&& f) {
    using type = std::remove_const_t<T>;
    if constexpr (leaf<type>)
        f(weights);
    else if constexpr (detail::is_absent<type>)
        return;
    else if constexpr (detail::repeats<type> > 0)
        for (auto& one : weights) each_leaf(one, f);
    else
        [&, all = reflect::members(weights)]<std::size_t... I>(std::index_sequence<I...>) {
            (each_leaf(reflect::at<I>(all), f), ...);
        }(std::make_index_sequence<reflect::count<type>()>{});
}

} // namespace constformer
