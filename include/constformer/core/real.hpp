// real: e^x, logarithm, sine and cosine of doubles, made of + - * / alone: constant expressions, and the same
// everywhere, where the C library's differ in the last bits from one system to the next. For few numbers; vectors have
// ops/activate.
#pragma once

#include <bit>
#include <cstdint>

namespace constformer::real {

// Relative error below 1e-15 for |x| < 700; 0 below, and infinite above what a double holds.
constexpr double exp(double x) {
    if (x < -745.0) return 0;
    if (x > 709.7) return std::bit_cast<double>(std::uint64_t{0x7ff} << 52);
    const double turns = x * 1.4426950408889634;
    const int k = int(turns < 0 ? turns - 0.5 : turns + 0.5);
    const double r = (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10; // ln 2 in two parts
    double sum = 1;
    for (int n = 14; n > 0; --n) sum = 1 + sum * r / n;
    const auto power = [](int e) { return std::bit_cast<double>(std::uint64_t(e + 1023) << 52); };
    return sum * power(k / 2) * power(k - k / 2);
}

// Absolute error below 1e-15 times the larger of 1 and the result, for normal x > 0.
constexpr double log(double x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    int k = int(bits >> 52) - 1023;
    double m = std::bit_cast<double>((bits & 0xfffffffffffff) | std::uint64_t{1023} << 52);
    if (m > 1.4142135623730951) m /= 2, ++k;
    const double s = (m - 1) / (m + 1), t = s * s;
    double sum = 0;
    for (int n = 25; n > 0; n -= 2) sum = sum * t + 1.0 / n;
    return k * 0.6931471805599453 + 2 * s * sum;
}

constexpr double power(double x, double y) { return exp(y * log(x)); }

struct sine_cosine {
    double sine, cosine;
};
// Absolute error below 1e-15 for |x| < 2^20.
constexpr sine_cosine turn(double x) {
    const double quarters = x * 0.6366197723675814;
    const auto n = std::int64_t(quarters < 0 ? quarters - 0.5 : quarters + 0.5);
    const auto k = double(n); // π / 2 in three parts: k times the first two is exact
    const double r =
        ((x - k * 1.57079632673412561417e+00) - k * 6.07710050630396597660e-11) - k * 2.02226624879595063154e-21;
    const double t = r * r;
    double sine = 1, cosine = 1;
    for (int i = 16; i > 0; i -= 2) {
        sine = 1 - sine * t / (i * (i + 1));
        cosine = 1 - cosine * t / (i * (i - 1));
    }
    sine *= r;
    switch (n & 3) {
    case 0:
        return {sine, cosine};
    case 1:
        return {cosine, -sine};
    case 2:
        return {-sine, -cosine};
    default:
        return {-cosine, sine};
    }
}

} // namespace constformer::real
