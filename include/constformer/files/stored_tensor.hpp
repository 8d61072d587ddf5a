// stored_tensor: a tensor as a file holds it (name, type, shape, bytes) and its values as numbers.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/files/spell.hpp"
#include "constformer/files/stored_numbers.hpp"

#include <algorithm>
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

// The element types that a safetensors file can name, and behind them the quantized ones of GGUF.
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
    u64,
    q8_0,
    q4_0,
    q4_1,
    q5_0,
    q5_1,
    q4_k,
    q5_k,
    q6_k
};
struct dtype_facts {
    std::string_view name;
    int bits;      // of an element, or of a block where several share their bits
    int block = 1; // elements of a block, which lie within one row
};
inline constexpr std::array<dtype_facts, 28> dtypes{{
    {"BOOL", 8},         {"F4", 4},           {"F6_E2M3", 6},      {"F6_E3M2", 6},    {"U8", 8},
    {"I8", 8},           {"F8_E5M2", 8},      {"F8_E4M3", 8},      {"F8_E8M0", 8},    {"I16", 16},
    {"U16", 16},         {"F16", 16},         {"BF16", 16},        {"I32", 32},       {"U32", 32},
    {"F32", 32},         {"C64", 64},         {"F64", 64},         {"I64", 64},       {"U64", 64},
    {"Q8_0", 272, 32},   {"Q4_0", 144, 32},   {"Q4_1", 160, 32},   {"Q5_0", 176, 32}, {"Q5_1", 192, 32},
    {"Q4_K", 1152, 256}, {"Q5_K", 1408, 256}, {"Q6_K", 1680, 256},
}};
constexpr bool is_quantized(dtype type) { return type >= dtype::q8_0; }
constexpr const dtype_facts& facts(dtype type) { return dtypes[static_cast<std::size_t>(type)]; }
// The type that a safetensors file calls so.
constexpr std::optional<dtype> find_dtype(std::string_view name) {
    for (std::size_t i = 0; i < dtypes.size(); ++i)
        if (dtypes[i].name == name && !is_quantized(static_cast<dtype>(i))) return static_cast<dtype>(i);
    return std::nullopt;
}

// How many bytes `shape` takes in `type`; nothing where that overflows 2^64 bits, or where a row ends within a block or
// all within a byte.
inline std::optional<std::uint64_t> bytes_needed(dtype type, std::span<const std::int64_t> shape) {
    std::uint64_t elements = 1, bits = 0;
    for (const std::int64_t length : shape)
        if (length < 0 || __builtin_mul_overflow(elements, static_cast<std::uint64_t>(length), &elements)) return {};
    const auto& [_, size, block] = facts(type);
    if (block > 1 && (shape.empty() || shape.back() % block != 0)) return {};
    elements /= static_cast<std::uint64_t>(block);
    if (__builtin_mul_overflow(elements, static_cast<std::uint64_t>(size), &bits) || bits % 8) return {};
    return bits / 8;
}

// Row-major, the last dimension fastest. The bytes belong to the file and need not be aligned.
struct stored_tensor {
    std::string name;
    dtype type;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;

    [[nodiscard]] std::size_t elements() const noexcept {
        const auto& [_, bits, block] = facts(type);
        return bytes.size() * 8 / static_cast<std::size_t>(bits) * static_cast<std::size_t>(block);
    }
};

// Whether to_float() reads this type: F64, F32, F16, BF16 and the quantized ones.
constexpr bool is_real(dtype type) {
    return type == dtype::f64 || type == dtype::f32 || type == dtype::f16 || type == dtype::bf16 || is_quantized(type);
}

namespace detail {
// The function that turns a block of a quantized type into floats.
inline auto block_decoder(dtype type) noexcept {
    constexpr void (*decoders[])(const std::byte*, float*) noexcept = {
        decode_q8_0, decode_q4_0, decode_q4_1, decode_q5_0, decode_q5_1, decode_q4_k, decode_q5_k, decode_q6_k};
    return decoders[static_cast<std::size_t>(type) - static_cast<std::size_t>(dtype::q8_0)];
}
// Elements from number `first` on, which need not begin or end with a block.
inline void decode_blocks(const stored_tensor& tensor, std::span<float> out, std::size_t first) {
    const auto size = static_cast<std::size_t>(facts(tensor.type).block),
               bytes = static_cast<std::size_t>(facts(tensor.type).bits) / 8;
    const auto decode = block_decoder(tensor.type);
    while (!out.empty()) {
        const std::byte* from = tensor.bytes.data() + first / size * bytes;
        const std::size_t skipped = first % size, taken = std::min(out.size(), size - skipped);
        if (taken == size) {
            decode(from, out.data());
        } else {
            float block[256];
            decode(from, block);
            std::copy_n(block + skipped, taken, out.data());
        }
        out = out.subspan(taken), first += taken;
    }
}
} // namespace detail

// The elements from number `first` on as float; F64 is rounded, a quantized type becomes what its blocks mean.
// Errors: another type, a range beyond the tensor.
inline status to_float(const stored_tensor& tensor, std::span<float> out, std::size_t first = 0) {
    if (!is_real(tensor.type))
        return error(spell(tensor.name), " is ", facts(tensor.type).name, ", needed is a type of real numbers");
    if (first > tensor.elements() || out.size() > tensor.elements() - first)
        return error(spell(tensor.name), " holds ", tensor.elements(), " values, not ", first, " + ", out.size());
    if (out.empty()) return {};
    if (is_quantized(tensor.type)) {
        detail::decode_blocks(tensor, out, first);
        return {};
    }
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
