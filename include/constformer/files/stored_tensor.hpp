// stored_tensor: a tensor as a file holds it (name, type, shape, bytes) and its values as numbers.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/files/spell.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace constformer {

static_assert(std::endian::native == std::endian::little, "files: model files hold little-endian numbers, as this "
                                                          "machine must");

// The element types that a safetensors file can name.
enum class dtype : std::uint8_t {
    boolean,
    f4,
    f6_e2m3,
    f6_e3m2,
    u8,
    i8,
    f8_e5m2,
    f8_e4m3,
    f8_e8m0,
    i16,
    u16,
    f16,
    bf16,
    i32,
    u32,
    f32,
    c64,
    f64,
    i64,
    u64
};
struct dtype_facts {
    std::string_view name;
    int bits;
};
inline constexpr std::array<dtype_facts, 20> dtypes{{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},   {"I8", 8},    {"F8_E5M2", 8},
    {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16}, {"BF16", 16}, {"I32", 32},
    {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},    {"I64", 64}, {"U64", 64},
}};
constexpr const dtype_facts& facts(dtype type) { return dtypes[static_cast<std::size_t>(type)]; }
constexpr std::optional<dtype> find_dtype(std::string_view name) {
    for (std::size_t i = 0; i < dtypes.size(); ++i)
        if (dtypes[i].name == name) return static_cast<dtype>(i);
    return std::nullopt;
}

// How many bytes `shape` takes in `type`; nothing where that overflows 2^64 or ends within a byte.
inline std::optional<std::uint64_t> bytes_needed(dtype type, std::span<const std::int64_t> shape) {
    std::uint64_t elements = 1, bits = 0;
    for (const std::int64_t length : shape)
        if (length < 0 || __builtin_mul_overflow(elements, static_cast<std::uint64_t>(length), &elements)) return {};
    if (__builtin_mul_overflow(elements, static_cast<std::uint64_t>(facts(type).bits), &bits) || bits % 8) return {};
    return bits / 8;
}

// Row-major, the last dimension fastest. The bytes belong to the file and need not be aligned.
struct stored_tensor {
    std::string name;
    dtype type;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;

    [[nodiscard]] std::size_t elements() const noexcept {
        return bytes.size() * 8 / static_cast<std::size_t>(facts(type).bits);
    }
};

namespace detail {
template <class T> T load(const std::byte* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}
inline float from_bf16(std::uint16_t bits) noexcept { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
inline float from_f16(std::uint16_t half) noexcept {
    const std::uint32_t sign = std::uint32_t{half} >> 15 << 31, exponent = half >> 10 & 31, fraction = half & 0x3ff;
    if (exponent == 0) { // zero and the subnormals: fraction * 2^-24, exact
        const float value = static_cast<float>(fraction) * 0x1p-24f;
        return sign ? -value : value;
    }
    const std::uint32_t wide = exponent == 31 ? 0xff : exponent + 112; // infinity and NaN stay what they are
    return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}
template <class From, class To, class Convert>
void convert(const std::byte* from, std::span<To> to, Convert&& convert_one) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = convert_one(load<From>(from + i * sizeof(From)));
}
} // namespace detail

// Whether to_float() reads this type: F64, F32, F16 and BF16.
constexpr bool is_real(dtype type) {
    return type == dtype::f64 || type == dtype::f32 || type == dtype::f16 || type == dtype::bf16;
}
// The elements from number `first` on as float; F64 is rounded. Errors: another type, a range beyond the tensor.
inline status to_float(const stored_tensor& tensor, std::span<float> out, std::size_t first = 0) {
    if (!is_real(tensor.type))
        return error(spell(tensor.name), " is ", facts(tensor.type).name, ", needed is F64, F32, F16 or BF16");
    if (first > tensor.elements() || out.size() > tensor.elements() - first)
        return error(spell(tensor.name), " holds ", tensor.elements(), " values, not ", first, " + ", out.size());
    if (out.empty()) return {};
    const std::byte* from = tensor.bytes.data() + first * (static_cast<std::size_t>(facts(tensor.type).bits) / 8);
    switch (tensor.type) {
    case dtype::f32:
        std::memcpy(out.data(), from, out.size_bytes());
        break;
    case dtype::f16:
        detail::convert<std::uint16_t>(from, out, detail::from_f16);
        break;
    case dtype::bf16:
        detail::convert<std::uint16_t>(from, out, detail::from_bf16);
        break;
    default:
        detail::convert<double>(from, out, [](double x) { return static_cast<float>(x); });
    }
    return {};
}

// All elements as whole numbers (token ids, masks): BOOL and the signed and unsigned types up to I64.
// Errors: another type, `out` not as long as the tensor.
inline status to_int64(const stored_tensor& tensor, std::span<std::int64_t> out) {
    if (out.size() != tensor.elements())
        return error(spell(tensor.name), " holds ", tensor.elements(), " values, not ", out.size());
    const std::byte* from = tensor.bytes.data();
    const auto widen = [](auto x) { return static_cast<std::int64_t>(x); };
    switch (tensor.type) {
    case dtype::boolean:
        detail::convert<std::uint8_t>(from, out, [](std::uint8_t x) { return std::int64_t{x != 0}; });
        break;
    case dtype::u8:
        detail::convert<std::uint8_t>(from, out, widen);
        break;
    case dtype::i8:
        detail::convert<std::int8_t>(from, out, widen);
        break;
    case dtype::u16:
        detail::convert<std::uint16_t>(from, out, widen);
        break;
    case dtype::i16:
        detail::convert<std::int16_t>(from, out, widen);
        break;
    case dtype::u32:
        detail::convert<std::uint32_t>(from, out, widen);
        break;
    case dtype::i32:
        detail::convert<std::int32_t>(from, out, widen);
        break;
    case dtype::i64:
        detail::convert<std::int64_t>(from, out, widen);
        break;
    default:
        return error(spell(tensor.name), " is ", facts(tensor.type).name, ", needed is a type of whole numbers");
    }
    return {};
}

} // namespace constformer
