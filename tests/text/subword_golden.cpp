// Mixed Unicode and source code against the `tokenizers` package, by small tokenizers of every kind.
// tests/golden/make/subword.py wrote the files and says how they are laid out.
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "constformer/text/bpe.hpp"
#include "constformer/text/unigram.hpp"
#include "golden/text/subword.hpp"
#include "support/data.hpp"

using namespace constformer;

namespace {
struct golden_file {
    std::string bytes;
    std::size_t at = 0;
    explicit golden_file(const std::string& name) {
        const char* const other = std::getenv("CONSTFORMER_FUZZ"); // a folder of subword.py --fuzz
        const auto path = other ? std::string(other) + "/" + name : data_path("golden/text/" + name);
        std::ifstream in(path, std::ios::binary);
        BOOST_REQUIRE_MESSAGE(in, "cannot read " << path);
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
            const int length = unzigzag(number()), rest = number();
            word += unzigzag(rest / 3);
            out.append(id, rest % 3, {begin, begin + length}, word);
        }
    }
};

struct result {
    int lines = 0, tokens = 0, different = 0;
};

template <class Tokenizer> std::string streamed(const Tokenizer& tokenizer, const std::vector<int>& ids, bool skip) {
    token_stream stream(tokenizer, {.skip_special = skip});
    std::string out;
    const auto add = [&](std::string_view part) {
        BOOST_TEST(unicode::valid_bytes(part) == part.size());
        out += part;
    };
    for (const int id : ids) add(stream.push(id));
    add(stream.finish());
    return out;
}

// Encodes every line of a file and decodes what comes of it; `decoded` where the package decodes as we do.
template <class Tokenizer> result compare(const std::string& name, const subword_config& config, bool tell = true) {
    golden_file from("subword_" + name + ".bin");
    const auto tokenizer = Tokenizer::from_tokens(from.text(), config);
    BOOST_REQUIRE_MESSAGE(tokenizer, std::string(tokenizer ? "" : tokenizer.error().what()));
    result sum;
    encoding expected, found;
    const auto differs = [&](std::string_view what, std::string_view text) {
        ++sum.different;
        if (tell && sum.different < 10) BOOST_TEST_MESSAGE(name << " differs in " << what << ": " << text);
    };
    for (int groups = from.number(); groups > 0; --groups) {
        encode_options options;
        options.most_tokens = from.number();
        options.truncate = options.most_tokens != 0;
        options.special = from.number() != 0;
        for (int lines = from.number(); lines > 0; --lines, ++sum.lines) {
            const auto first = from.text();
            const bool pair = from.number() != 0;
            const auto second = pair ? from.text() : std::string_view();
            from.tokens(expected);
            sum.tokens += expected.size();
            const auto ok =
                pair ? tokenizer->encode(first, second, found, options) : tokenizer->encode(first, found, options);
            if (!ok || found.ids != expected.ids)
                differs("ids", first);
            else if (found.segments != expected.segments)
                differs("segments", first);
            else if (found.words != expected.words)
                differs("words", first);
            else if (found.offsets != expected.offsets)
                differs("offsets", first);
            for (const bool skip : {true, false}) {
                const auto text = from.text();
                if (name == "clip") continue; // decoded by Transformers, not by the package
                if (const auto ours = tokenizer->decode(expected.ids, skip); ours != text)
                    differs("decoded text", ours + " | " + std::string(text));
                else if (streamed(*tokenizer, expected.ids, skip) != text && text.find("\xEF\xBF\xBD") == text.npos)
                    differs("streamed text", text);
            }
        }
    }
    for (int lists = from.number(); lists > 0; --lists) {
        std::vector<int> ids(static_cast<std::size_t>(from.number()));
        for (int& id : ids) id = from.number();
        const auto text = from.text();
        if (const auto ours = tokenizer->decode(ids); ours != text)
            differs("decoded ids", ours + " | " + std::string(text));
        else if (const auto slow = streamed(*tokenizer, ids, true);
                 slow != text && (config.bytes || text.find("\xEF\xBF\xBD") == text.npos))
            differs("streamed ids", slow + " | " + std::string(text));
    }
    BOOST_TEST(from.at == from.bytes.size());
    return sum;
}

template <class Tokenizer> void check(const std::string& name, const subword_config& config) {
    const auto sum = compare<Tokenizer>(name, config);
    BOOST_TEST(sum.different == 0, name << ": " << sum.different << " of " << sum.lines << " differ");
    BOOST_TEST(sum.lines >= 150);
    BOOST_TEST(sum.tokens > 1500);
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_subword_golden)

BOOST_AUTO_TEST_CASE(byte_level_merges) {
    check<bpe>("gpt2", golden::gpt2::tokenizer);
    check<bpe>("roberta", golden::roberta::tokenizer);
    check<bpe>("llama3", golden::llama3::tokenizer);
    check<bpe>("qwen2", golden::qwen2::tokenizer);
    check<bpe>("smollm", golden::smollm::tokenizer);
}
BOOST_AUTO_TEST_CASE(merges_of_characters) {
    check<bpe>("llama2", golden::llama2::tokenizer);
    check<bpe>("mistral", golden::mistral::tokenizer);
}
BOOST_AUTO_TEST_CASE(merges_with_a_mark_at_the_end_of_a_word) {
    check<bpe>("gpt", golden::gpt::tokenizer);
    check<bpe>("clip", golden::clip::tokenizer);
}
BOOST_AUTO_TEST_CASE(scores) {
    check<unigram>("t5", golden::t5::tokenizer);
    check<unigram>("xlnet", golden::xlnet::tokenizer);
    check<unigram>("nfkc", golden::nfkc::tokenizer);
}

// The files notice each setting: with any one changed, lines differ.
BOOST_AUTO_TEST_CASE(each_setting_matters) {
    const auto merges = [](const std::string& name, subword_config config, auto change) {
        change(config);
        return compare<bpe>(name, config, false).different;
    };
    const auto scores = [](const std::string& name, subword_config config, auto change) {
        change(config);
        return compare<unigram>(name, config, false).different;
    };
    using c = subword_config;
    BOOST_TEST(merges("gpt2", golden::gpt2::tokenizer, [](c& x) { x.split = &splits::llama3; }) > 20);
    BOOST_TEST(merges("roberta", golden::roberta::tokenizer, [](c& x) { x.trim_offsets = false; }) > 50);
    BOOST_TEST(merges("roberta", golden::roberta::tokenizer, [](c& x) { x.keep_prefix = false; }) > 50);
    BOOST_TEST(merges("roberta", golden::roberta::tokenizer, [](c& x) { x.steps = {}; }) > 50);
    BOOST_TEST(merges("roberta", golden::roberta::tokenizer, [](c& x) { x.pair = plain_frame; }) > 20);
    BOOST_TEST(merges("llama3", golden::llama3::tokenizer, [](c& x) { x.split = &splits::qwen2; }) > 10);
    BOOST_TEST(merges("llama3", golden::llama3::tokenizer, [](c& x) { x.ignore_merges = false; }) > 0);
    BOOST_TEST(merges("qwen2", golden::qwen2::tokenizer, [](c& x) { x.normal = {}; }) > 20);
    BOOST_TEST(merges("smollm", golden::smollm::tokenizer, [](c& x) { x.apart = nullptr; }) > 10);
    BOOST_TEST(merges("llama2", golden::llama2::tokenizer, [](c& x) { x.byte_fallback = false; }) > 50);
    BOOST_TEST(merges("llama2", golden::llama2::tokenizer, [](c& x) { x.decode.bytes = false; }) > 50);
    BOOST_TEST(merges("llama2", golden::llama2::tokenizer, [](c& x) { x.decode.first = first_token::keep; }) > 50);
    BOOST_TEST(merges("mistral", golden::mistral::tokenizer, [](c& x) { x.fuse_unknown = false; }) > 50);
    BOOST_TEST(merges("mistral", golden::mistral::tokenizer, [](c& x) { x.steps = std::span(x.steps).first(1); }) > 50);
    BOOST_TEST(merges("gpt", golden::gpt::tokenizer, [](c& x) { x.normal = {}; }) > 50);
    BOOST_TEST(merges("gpt", golden::gpt::tokenizer, [](c& x) { x.word_end = {}; }) > 50);
    BOOST_TEST(merges("clip", golden::clip::tokenizer, [](c& x) { x.split = &splits::gpt2; }) > 50);
    BOOST_TEST(scores("t5", golden::t5::tokenizer, [](c& x) { x.normal = std::span(x.normal).subspan(1); }) > 20);
    BOOST_TEST(scores("t5", golden::t5::tokenizer, [](c& x) { x.decode.first = first_token::keep; }) > 50);
    BOOST_TEST(scores("xlnet", golden::xlnet::tokenizer, [](c& x) { x.split = nullptr; }) > 50);
    BOOST_TEST(scores("nfkc", golden::nfkc::tokenizer, [](c& x) { x.normal = std::span(x.normal).subspan(1); }) > 20);
    BOOST_TEST(scores("nfkc", golden::nfkc::tokenizer, [](c& x) { x.byte_fallback = false; }) > 50);
}

BOOST_AUTO_TEST_SUITE_END()
