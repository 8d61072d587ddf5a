#include <boost/test/unit_test.hpp>

#include "gguf_support.hpp"

#include <random>

using namespace constformer;
using namespace files_test;

namespace {
void use(const gguf_value& value, std::size_t& used) {
    used += static_cast<std::size_t>(value.whole().value_or(0)) + value.text().value_or("").size() +
            (value.real() ? 1 : 0) + (value.flag().value_or(false) ? 1 : 0);
    for (const gguf_value& element : value) use(element, used);
}
// Whatever a damaged file becomes: refused in a sentence, or everything that it says lies within it (the sanitizers
// watch; the copy is exactly as long as the file). Says whether it was accepted.
bool survives(std::string_view file) {
    const auto bytes = bytes_of(file);
    const auto read = gguf::view(bytes);
    if (!read) {
        BOOST_REQUIRE(read.error().what().starts_with("gguf: "));
        return false;
    }
    std::size_t used = 0;
    for (const auto& [key, value] : read->metadata()) {
        BOOST_REQUIRE(read->find_metadata(key) == &value);
        use(value, used);
        static_cast<void>(read->texts(key).has_value());
        static_cast<void>(read->wholes(key).has_value());
    }
    for (const auto& tensor : *read) {
        BOOST_REQUIRE(read->find(tensor.name) == &tensor);
        std::vector<float> reals(tensor.elements());
        std::vector<std::int64_t> wholes(tensor.elements());
        BOOST_REQUIRE((bool(to_float(tensor, reals)) == is_real(tensor.type)));
        static_cast<void>(to_int64(tensor, wholes).has_value());
        for (const float x : reals) used += x == 0 ? 1 : 2;
    }
    static_cast<volatile std::size_t&>(used) = used;
    return true;
}
} // namespace

BOOST_AUTO_TEST_SUITE(files_gguf_fuzz)

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
    const std::string whole = gguf_sample();
    BOOST_TEST(survives(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) BOOST_REQUIRE(!survives(whole.substr(0, size)));
    BOOST_TEST(!survives(whole + std::string(8, 'x')));
}

BOOST_AUTO_TEST_CASE(every_byte_flipped) {
    const std::string whole = gguf_sample();
    int accepted = 0;
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (const int change : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
            std::string damaged = whole;
            damaged[at] = static_cast<char>(damaged[at] ^ change);
            accepted += survives(damaged);
        }
    BOOST_TEST(accepted > 1000); // letters of names, numbers: the loop reaches the reading
}

BOOST_AUTO_TEST_CASE(mutations) {
    const std::string sound[] = {gguf_sample(), get(CONSTFORMER_TESTS "/golden/gguf/blocks.gguf")};
    const std::uint64_t numbers[] = {0,  1,  2,  3,  8,        9,        31,         32,         63,         64,
                                     72, 88, 96, 97, 1u << 31, ~0u >> 1, 1ull << 32, 1ull << 59, ~0ull >> 1, ~0ull};
    std::mt19937 random(21);
    const auto below = [&](std::size_t n) { return std::size_t(random() % n); };
    int accepted = 0;
    for (int round = 0; round < 6'000; ++round) {
        std::string file = sound[round % 8 == 0];
        for (std::size_t changes = 1 + below(3); changes != 0; --changes) {
            const std::size_t at = below(file.size() - 8);
            switch (below(6)) {
            case 0:
                file[at] = static_cast<char>(random());
                break;
            case 1:
                file.erase(at, 1 + below(8));
                break;
            case 2:
                file.replace(at, 8, u64(numbers[below(std::size(numbers))]));
                break;
            case 3:
                file.replace(at, 4, u32(static_cast<std::uint32_t>(numbers[below(std::size(numbers))])));
                break;
            case 4:
                file.insert(at, file.substr(below(file.size()), below(40)));
                break;
            default:
                file[at] = static_cast<char>(below(14));
            }
            if (file.size() < 16) file = sound[0];
        }
        accepted += survives(file);
    }
    BOOST_TEST(accepted > 100);
}

BOOST_AUTO_TEST_SUITE_END()
