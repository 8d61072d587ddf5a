// check: how the library says no. An error is one sentence, held by value: it names the thing, the expected and the
// found. Nothing here allocates or throws, so a forward may return it from the hot path and a C ABI may pass it on.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace constformer {

// One sentence, at most 511 bytes; a longer one ends in "...". Built from text and numbers:
//     return error("encoder: ", count, " tokens, but this model has ", positions, " positions");
class error {
  public:
    template <class... Parts>
        requires(sizeof...(Parts) > 0)
    explicit error(const Parts&... parts) noexcept {
        (append(parts), ...);
        text_[size_] = '\0';
    }
    [[nodiscard]] std::string_view what() const noexcept { return {text_, size_}; }
    [[nodiscard]] const char* c_str() const noexcept { return text_; }

  private:
    static constexpr std::size_t capacity = 511;
    char text_[capacity + 1];
    std::size_t size_ = 0;

    // Out of line and cold: saying no must not weigh on the code that says yes.
    [[gnu::cold, gnu::noinline]] void append(std::string_view part) noexcept {
        const std::size_t free = capacity - size_;
        const std::size_t count = part.size() < free ? part.size() : free;
        std::memcpy(text_ + size_, part.data(), count);
        size_ += count;
        if (count < part.size()) std::memcpy(text_ + capacity - 3, "...", 3);
    }
    template <std::integral Number> [[gnu::cold]] void append(Number number) noexcept {
        char digits[24] = {};
        const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
        append(std::string_view(digits, static_cast<std::size_t>(end - digits)));
    }
};

// Stops the program with a sentence: for a broken precondition of the caller's own code, never for data.
[[noreturn]] inline void refuse(const char* sentence) noexcept {
    std::fputs(sentence, stderr);
    std::fputc('\n', stderr);
    std::abort();
}

// A value or the error that stands in its place; std::expected<T, error> in C++23's spelling.
template <class T> class [[nodiscard]] expected {
  public:
    using value_type = T;
    expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    expected(constformer::error why) noexcept : state_(std::in_place_index<1>, why) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] T& operator*() & { return value(); }
    [[nodiscard]] const T& operator*() const& { return value(); }
    [[nodiscard]] T&& operator*() && { return std::move(value()); }
    [[nodiscard]] T* operator->() { return &value(); }
    [[nodiscard]] const T* operator->() const { return &value(); }
    [[nodiscard]] T& value() {
        if (!has_value()) refuse(error().c_str());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] const T& value() const {
        if (!has_value()) refuse(error().c_str());
        return *std::get_if<0>(&state_);
    }
    // Only when there is no value.
    [[nodiscard]] const constformer::error& error() const noexcept { return *std::get_if<1>(&state_); }

  private:
    std::variant<T, constformer::error> state_;
};

// Success, or why not.
template <> class [[nodiscard]] expected<void> {
  public:
    using value_type = void;
    expected() noexcept = default;
    expected(constformer::error why) noexcept : why_(why) {}

    [[nodiscard]] bool has_value() const noexcept { return !why_; }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] const constformer::error& error() const noexcept { return *why_; }

  private:
    std::optional<constformer::error> why_;
};
using status = expected<void>;

} // namespace constformer
