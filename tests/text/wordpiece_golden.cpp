// Several thousand lines of mixed Unicode against the `tokenizers` package. tests/golden/make/text.py wrote the file
// and says how it is laid out.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "constformer/text/wordpiece.hpp"
#include "support/data.hpp"

using namespace constformer;

namespace {
std::string file(std::string_view name) {
    std::ifstream in(data_path(name), std::ios::binary);
    BOOST_REQUIRE_MESSAGE(in, "cannot read tests/" << name);
    return {std::istreambuf_iterator<char>(in), {}};
}

struct golden {
    std::string bytes;
    std::size_t at = 0;
    golden() {
        const char* const other = std::getenv("CONSTFORMER_FUZZ"); // a file of text.py --fuzz
        std::ifstream in(other ? other : data_path("golden/text/wordpiece.bin"), std::ios::binary);
        BOOST_REQUIRE_MESSAGE(in, "cannot read the golden lines");
        bytes.assign(std::istreambuf_iterator<char>(in), {});
    }

    int number() {
        unsigned value = 0;
        for (int shift = 0;; shift += 7) {
            const auto byte = static_cast<unsigned char>(bytes.at(at++));
            value |= (byte & 127u) << shift;
            if (byte < 128) return static_cast<int>(value);
        }
    }
    static int unzigzag(int n) { return n & 1 ? -(n / 2) - 1 : n / 2; }
    std::string_view text() {
        const auto size = static_cast<std::size_t>(number());
        BOOST_REQUIRE(size <= bytes.size() - at);
        at += size;
        return std::string_view(bytes).substr(at - size, size);
    }
    void tokens(encoding& out) {
        out.clear();
        int begin = 0, word = 0;
        for (int left = number(); left > 0; --left) {
            const int id = number();
            begin += unzigzag(number());
            const int length = number(), rest = number();
            word += unzigzag(rest / 2);
            out.append(id, rest % 2, {begin, begin + length}, word);
        }
    }
};

struct result {
    int lines = 0, tokens = 0, different = 0;
};

// Encodes every line of the file; `disturb` changes what the file asks for, to see that this is noticed.
template <class Disturb> result compare(bool tell, Disturb disturb) {
    const std::string vocabularies[] = {file("golden/text/uncased.txt"), file("golden/text/cased.txt")};
    golden from;
    result sum;
    encoding expected, found;
    for (int groups = from.number(); groups > 0; --groups) {
        const int cased = from.number();
        wordpiece_config config;
        config.lowercase = from.number() != 0;
        if (const int strip = from.number(); strip != 2) config.strip_accents = strip != 0;
        config.chinese = from.number() != 0;
        config.clean = from.number() != 0;
        config.longest_word = from.number();
        encode_options options;
        options.most_tokens = from.number();
        options.truncate = options.most_tokens != 0;
        options.special = from.number() != 0;
        const bool decoded = from.number() != 0;
        std::string vocabulary = vocabularies[cased];
        config.pieces = static_cast<int>(std::count(vocabulary.begin(), vocabulary.end(), '\n'));
        std::vector<added_token> added(static_cast<std::size_t>(from.number()));
        for (auto& token : added) {
            token.text = from.text();
            const int flags = from.number();
            token.special = flags & 1, token.normalized = flags & 2, token.strip_left = flags & 4;
            token.strip_right = flags & 8, token.single_word = flags & 16;
            if (flags & 32) vocabulary += std::string(token.text) + '\n';
        }
        config.added = added;
        disturb(config, options, added);
        const auto tokenizer = wordpiece::from_vocabulary(vocabulary, config);
        BOOST_REQUIRE_MESSAGE(tokenizer, std::string(tokenizer ? "" : tokenizer.error().what()));
        for (int lines = from.number(); lines > 0; --lines) {
            const auto first = from.text();
            const bool pair = from.number() != 0;
            const auto second = pair ? from.text() : std::string_view();
            from.tokens(expected);
            const auto ok =
                pair ? tokenizer->encode(first, second, found, options) : tokenizer->encode(first, found, options);
            bool same = ok && found.ids == expected.ids && found.segments == expected.segments &&
                        found.offsets == expected.offsets && found.words == expected.words;
            if (decoded) same &= tokenizer->decode(found.ids) == from.text();
            ++sum.lines;
            sum.tokens += expected.size();
            sum.different += !same;
            if (tell && !same && sum.different < 10)
                BOOST_TEST_MESSAGE("differs: " << first << (pair ? " | " : "") << second);
        }
    }
    BOOST_TEST(from.at == from.bytes.size());
    return sum;
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_wordpiece_golden)

BOOST_AUTO_TEST_CASE(equal_to_tokenizers) {
    const auto sum = compare(true, [](auto&, auto&, auto&) {});
    BOOST_TEST(sum.different == 0);
    BOOST_TEST(sum.lines > 7000);
    BOOST_TEST(sum.tokens > 50'000);
}

// The file notices each setting: with any one changed, lines differ.
BOOST_AUTO_TEST_CASE(each_setting_matters) {
    BOOST_TEST(compare(false, [](auto& c, auto&, auto&) { c.lowercase = !c.lowercase; }).different > 1000);
    BOOST_TEST(compare(false, [](auto& c, auto&, auto&) {
                   c.strip_accents = !c.strip_accents.value_or(c.lowercase);
               }).different > 1000);
    BOOST_TEST(compare(false, [](auto& c, auto&, auto&) { c.chinese = !c.chinese; }).different > 300);
    BOOST_TEST(compare(false, [](auto& c, auto&, auto&) { c.clean = !c.clean; }).different > 300);
    BOOST_TEST(compare(false, [](auto& c, auto&, auto&) { c.longest_word -= 1; }).different > 30);
    BOOST_TEST(compare(false, [](auto&, auto& o, auto&) { o.most_tokens += o.most_tokens ? 1 : 0; }).different > 100);
    BOOST_TEST(compare(false, [](auto&, auto& o, auto&) { o.special = !o.special; }).different > 5000);
    const auto without = [](auto change) {
        return compare(false,
                       [=](auto&, auto&, auto& added) {
                           for (auto& token : added) change(token);
                       })
            .different;
    };
    BOOST_TEST(without([](auto& token) { token.special = !token.special; }) > 100);
    BOOST_TEST(without([](auto& token) { token.normalized = !token.normalized; }) > 100);
    BOOST_TEST(without([](auto& token) { token.strip_left = !token.strip_left; }) > 100);
    BOOST_TEST(without([](auto& token) { token.strip_right = !token.strip_right; }) > 100);
    BOOST_TEST(without([](auto& token) { token.single_word = !token.single_word; }) > 100);
    BOOST_TEST(compare(false, [](auto& c, auto&, auto&) { c.pieces = 0; }).different > 10);
}

BOOST_AUTO_TEST_SUITE_END()
