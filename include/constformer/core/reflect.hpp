// reflect: the members of an aggregate, in order, with their names. No registration and no macro at the use.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif

namespace constformer::reflect {

struct anything { // stands in for any member while members are counted; never defined
    template <class T> constexpr operator T() const;
};
template <class T, std::size_t... I> constexpr bool takes(std::index_sequence<I...>) {
    return requires { T{(void(I), anything{})...}; };
}

inline constexpr std::size_t most_members = 24;

// The number of members of an aggregate.
template <class T, std::size_t N = 0> consteval std::size_t count() {
    static_assert(N <= most_members, "reflect: a layer may have at most 24 members; group some into a struct");
    if constexpr (!takes<T>(std::make_index_sequence<N + 1>{}))
        return N;
    else
        return count<T, N + 1>();
}

// References to members, found by their number. A std::tuple would hold them too, but each std::get looks at all that
// the standard library overloads it for: two thirds of what a manifest took to compile.
template <std::size_t I, class T> struct reference {
    T& to;
};
template <class Indices, class... T> struct references;
template <std::size_t... I, class... T> struct references<std::index_sequence<I...>, T...> : reference<I, T>... {};
template <class... T> constexpr references<std::make_index_sequence<sizeof...(T)>, T...> refer(T&... to) {
    return {{to}...};
}
// Member I of members(t).
template <std::size_t I, class T> constexpr T& at(const reference<I, T>& member) { return member.to; }

// References to the members of an aggregate, in order.
template <class T> constexpr auto members(T& t) {
    constexpr std::size_t n = count<std::remove_const_t<T>>();
    if constexpr (n == 0) return refer();
#define CONSTFORMER_TIE(N, ...)                                                                                        \
    else if constexpr (n == N) {                                                                                       \
        auto& [__VA_ARGS__] = t;                                                                                       \
        return refer(__VA_ARGS__);                                                                                     \
    }
    CONSTFORMER_TIE(1, m0)
    CONSTFORMER_TIE(2, m0, m1)
    CONSTFORMER_TIE(3, m0, m1, m2)
    CONSTFORMER_TIE(4, m0, m1, m2, m3)
    CONSTFORMER_TIE(5, m0, m1, m2, m3, m4)
    CONSTFORMER_TIE(6, m0, m1, m2, m3, m4, m5)
    CONSTFORMER_TIE(7, m0, m1, m2, m3, m4, m5, m6)
    CONSTFORMER_TIE(8, m0, m1, m2, m3, m4, m5, m6, m7)
    CONSTFORMER_TIE(9, m0, m1, m2, m3, m4, m5, m6, m7, m8)
    CONSTFORMER_TIE(10, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9)
    CONSTFORMER_TIE(11, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10)
    CONSTFORMER_TIE(12, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11)
    CONSTFORMER_TIE(13, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12)
    CONSTFORMER_TIE(14, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13)
    CONSTFORMER_TIE(15, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14)
    CONSTFORMER_TIE(16, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15)
    CONSTFORMER_TIE(17, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16)
    CONSTFORMER_TIE(18, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17)
    CONSTFORMER_TIE(19, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18)
    CONSTFORMER_TIE(20, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19)
    CONSTFORMER_TIE(21, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20)
    CONSTFORMER_TIE(22, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20,
                    m21)
    CONSTFORMER_TIE(23, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20,
                    m21, m22)
    CONSTFORMER_TIE(24, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20,
                    m21, m22, m23)
#undef CONSTFORMER_TIE
}

template <class T> struct holder {
    T value;
};
template <class T> extern const holder<T> nowhere; // declared, never defined: only addresses of its members are spelled

template <auto* Pointer> consteval std::string_view spelled() { return __PRETTY_FUNCTION__; }

// The name of member I. GCC spells "… Pointer = (& nowhere<T>.holder<T>::value.T::field); std::string_view = …]", Clang
// "… [Pointer = &nowhere.value.field]": the name is what precedes the end and follows the last ':' or '.'.
template <class T, std::size_t I> consteval std::string_view name() {
    constexpr std::string_view text = spelled<&at<I>(members(nowhere<T>.value))>();
    std::size_t end = text.rfind("); std::");
    if (end == text.npos) end = text.size() - 1;
    std::size_t begin = end;
    while (begin != 0 && text[begin - 1] != ':' && text[begin - 1] != '.') --begin;
    return text.substr(begin, end - begin);
}

} // namespace constformer::reflect

#ifdef __clang__
#pragma clang diagnostic pop
#endif
