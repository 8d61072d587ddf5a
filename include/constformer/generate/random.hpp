// random: numbers that look drawn, the same on every machine for one seed.
#pragma once

#include <cstdint>

namespace constformer {

// SplitMix64 (Steele, Lea, Flood 2014).
class random_numbers {
  public:
    explicit constexpr random_numbers(std::uint64_t seed = 0) : state_(seed) {}
    constexpr std::uint64_t operator()() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    // From 0 to below 1.
    constexpr double unit() { return double((*this)() >> 11) * 0x1p-53; }

  private:
    std::uint64_t state_;
};

} // namespace constformer
