// workspace: the machinery of one forward (memory, observer, threads), passed by value. What a callee takes is free
// again when it returns, so siblings share memory (either) and the takes of one frame add up (together).
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/core/parallel.hpp"
#include "constformer/core/tensor.hpp"

namespace constformer {

// Bytes of (n, width) values, rounded up to the 64 that keep the next take aligned.
template <class T = float> constexpr std::size_t room(std::size_t n, std::size_t width = 1) {
    return (n * width * sizeof(T) + 63) / 64 * 64;
}
constexpr std::size_t together(auto... bytes) { return (std::size_t(bytes) + ... + std::size_t{0}); }
constexpr std::size_t either(auto... bytes) {
    std::size_t most = 0;
    ((most = std::size_t(bytes) > most ? std::size_t(bytes) : most), ...);
    return most;
}

// The observer that sees nothing and costs nothing. Another one derives from it and hides what it wants to see:
//   stage(name)                            the named stage begins: "embeddings", "attention", "feed forward", …
//   wants_attention()                      whether to call the next one, asked once a head
//   attention(head, query, probabilities)  each row of every head; query counts from the start of the packed batch
struct silent {
    [[nodiscard]] static constexpr bool wants_attention() { return false; }
    void attention(int, int, std::span<const float>) const {}
    void stage(const char*) const {}
};

// Memory is the caller's: `next` must be 64-byte aligned and scratch(lengths) bytes long for the forward it is given
// to.
template <class Watch = silent, class Threads = sequential> struct basic_workspace {
    std::byte* next;
    std::byte* end;
    std::size_t* high = nullptr; // where the high-water mark is kept, in bytes from `start`
    std::byte* start = next;
    [[no_unique_address]] Watch watch{};
    [[no_unique_address]] Threads threads{};

    // A workspace over a caller's buffer.
    static basic_workspace over(std::span<std::byte> memory, Watch watch = {}, Threads threads = {}) {
        return {.next = memory.data(), .end = memory.data() + memory.size(), .watch = watch, .threads = threads};
    }

    // (n, Width) values; the destination says width and type: rows<384> h = m.take(n);
    struct taken {
        basic_workspace& from;
        int count;
        template <int Width, class T> operator rows<Width, T>() && {
            return {from.template bytes<T>(room<T>(std::size_t(count), Width)), count};
        }
    };
    [[nodiscard]] taken take(int n) { return {*this, n}; }

    // `size` bytes, a multiple of 64.
    template <class T = std::byte> [[nodiscard]] T* bytes(std::size_t size) {
        if (size > std::size_t(end - next))
            refuse("workspace: too small; scratch(lengths) says how much a forward needs");
        std::byte* const here = next;
        next += size;
        if (high && *high < std::size_t(next - start)) *high = std::size_t(next - start);
        return reinterpret_cast<T*>(here);
    }
    [[nodiscard]] std::size_t left() const { return std::size_t(end - next); }
};

template <class T>
concept workspace = requires(T m) {
    m.take(1);
    m.left();
    m.threads.size();
    m.watch.stage("");
};

// Why a workspace does not suffice, in a sentence; checked once, before any kernel runs.
[[nodiscard]] status enough(const workspace auto& m, std::size_t needed, const char* who) {
    if (reinterpret_cast<std::uintptr_t>(m.next) % 64 != 0)
        return error(who, ": the workspace must begin at a multiple of 64 bytes");
    if (m.left() < needed) return error(who, ": the workspace holds ", m.left(), " bytes, this forward needs ", needed);
    return {};
}

} // namespace constformer
