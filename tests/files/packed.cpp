#include <boost/test/unit_test.hpp>

#include "constformer/core/matrix.hpp"
#include "constformer/files/packed.hpp"
#include "support.hpp"

#include <new>
#include <string>

using namespace constformer;
using namespace files_test;

namespace {
struct hidden {};
} // namespace
namespace packed_test {
struct shape {
    int outputs, inputs;
};
inline constexpr shape small{5, 7}, wide{5, 8};
template <const shape& s> struct net {
    matrix<s.outputs, s.inputs> weight;
    constformer::vector<s.outputs> bias;
};
// Two models of one size whose names alone differ, and one with a name longer than the header has room for.
struct first {
    constformer::vector<3> weight;
};
struct second {
    constformer::vector<3> gain;
};
struct a_model_whose_name_is_longer_than_fifty_five_characters_in_all {
    constformer::vector<3> weight;
};

// A file in memory where the check wants it: at a multiple of 64, and not a byte longer.
class aligned_file {
  public:
    explicit aligned_file(std::size_t size)
        : data_(static_cast<std::byte*>(::operator new(size, std::align_val_t(64)))), size_(size) {
        std::memset(data_, 0, size);
    }
    aligned_file(const aligned_file& other, std::size_t size) : aligned_file(size) {
        std::memcpy(data_, other.data_, size < other.size_ ? size : other.size_);
    }
    aligned_file(const aligned_file& other) : aligned_file(other, other.size_) {}
    aligned_file& operator=(const aligned_file&) = delete;
    ~aligned_file() { ::operator delete(data_, std::align_val_t(64)); }
    std::span<std::byte> bytes() { return {data_, size_}; }
    packed_header& header() { return *reinterpret_cast<packed_header*>(data_); }

  private:
    std::byte* data_;
    std::size_t size_;
};
template <class Weights> aligned_file sound(std::string_view text) {
    auto header = make_packed_header<Weights>(text.size());
    aligned_file file(static_cast<std::size_t>(header.file_bytes));
    const auto weights = file.bytes().subspan(sizeof header, sizeof(Weights));
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = std::byte(i % 60);
    std::memcpy(weights.data() + weights.size(), text.data(), text.size());
    header.weights_checksum = checksum(weights);
    header.text_checksum = checksum(std::as_bytes(std::span(text)));
    file.header() = header;
    return file;
}
template <class Weights> std::string refusal(std::span<const std::byte> file) {
    const std::string why = sentence(check_packed<Weights>(file));
    BOOST_CHECK(why.empty() || why.starts_with("weights: "));
    return why.empty() ? "" : why.substr(9);
}
} // namespace packed_test
using namespace packed_test;

BOOST_AUTO_TEST_SUITE(files_packed)

BOOST_AUTO_TEST_CASE(type_names) {
    same(type_name<first>(), "first");
    same(type_name<net<small>>(), "net<small>");
    same(type_name<std::array<std::array<first, 2>, 3>>(), "array<array<first, 2>, 3>");
    same(type_name<hidden>(), "hidden");
    BOOST_TEST(type_name<a_model_whose_name_is_longer_than_fifty_five_characters_in_all>().size() == 55u);
    same(type_name<a_model_whose_name_is_longer_than_fifty_five_characters_in_all>().substr(52), "...");
}

BOOST_AUTO_TEST_CASE(gives_weights_and_text) {
    auto file = sound<net<small>>("one\ntwo\n");
    const auto view = check_packed<net<small>>(file.bytes());
    same(sentence(view), "");
    same(view->text, "one\ntwo\n");
    BOOST_TEST((&view->as<net<small>>() == static_cast<const void*>(file.bytes().data() + 128)));
    same(sentence(verify_packed(*view)), "");
    auto bare = sound<net<small>>("");
    BOOST_TEST(check_packed<net<small>>(bare.bytes())->text.empty());
}

BOOST_AUTO_TEST_CASE(a_download_is_refused_by_its_first_bytes) {
    auto file = sound<net<small>>("");
    const auto check = [&](std::span<const std::byte> bytes) {
        return sentence(check_packed_header(bytes, manifest_hash<net<small>>(), sizeof(net<small>), "net<small>"));
    };
    same(check(file.bytes().first(128)), "");
    same(check(file.bytes().first(127)), "weights: the file ends after 127 bytes, within its header of 128");
    same(check(file.bytes().first(7)),
         "weights: this is not a packed weights file, it does not begin with \"cfpacked\"");
    same(check({}), "weights: this is not a packed weights file, it does not begin with \"cfpacked\"");
}

BOOST_AUTO_TEST_CASE(another_models_file) {
    auto file = sound<first>("");
    same(refusal<second>(file.bytes()), "the file holds first (64 bytes), this program needs second (64 bytes)");
    BOOST_TEST(refusal<net<wide>>(sound<net<small>>("").bytes()) != "");
    file.header().manifest_hash ^= 1;
    same(refusal<first>(file.bytes()), "the file holds first in another layout (64 bytes) than this program's "
                                       "(64 bytes): pack the checkpoint again");
    std::memset(file.header().type, 0x1b, sizeof file.header().type); // no NUL, and terminal controls
    same(refusal<first>(file.bytes()), "the file holds " + std::string(55, '?') +
                                           " (64 bytes), this program needs "
                                           "first (64 bytes)");
    std::memset(file.header().type, 0, sizeof file.header().type);
    same(refusal<first>(file.bytes()),
         "the file holds a model without a name (64 bytes), this program needs first (64 bytes)");
    file.header().version = 1;
    same(refusal<first>(file.bytes()),
         "the file has format version 1, this program reads version 2: pack the checkpoint again");
}

BOOST_AUTO_TEST_CASE(every_other_length_is_refused) {
    const auto file = sound<first>("text");
    for (std::size_t size = 1; size < 250; ++size) {
        aligned_file other(file, size);
        BOOST_TEST((refusal<first>(other.bytes()).empty()) == (size == 128 + 64 + 4));
    }
    aligned_file cut(file, 195), grown(file, 197);
    same(refusal<first>(cut.bytes()), "the file has 195 bytes, its header says 196: it is incomplete");
    same(refusal<first>(grown.bytes()),
         "the file has 197 bytes, its header says 196: it is followed by something else");
    same(refusal<first>(grown.bytes().subspan(1)),
         "this is not a packed weights file, it does not begin with \"cfpacked\"");
}

BOOST_AUTO_TEST_CASE(must_be_aligned) {
    const auto file = sound<first>("");
    aligned_file room(192 + 8);
    std::memcpy(room.bytes().data() + 8, aligned_file(file).bytes().data(), 192);
    same(refusal<first>(room.bytes().subspan(8)), "the file must lie in memory at a multiple of 64 bytes");
}

BOOST_AUTO_TEST_CASE(sizes_that_do_not_add_up) {
    constexpr std::uint64_t values[] = {0, 1, 127, 128, 191, 193, 195, 197, 1ull << 32, 1ull << 63, ~0ull - 3, ~0ull};
    for (const auto member : {&packed_header::text_offset, &packed_header::text_bytes, &packed_header::file_bytes,
                              &packed_header::weights_bytes})
        for (const std::uint64_t value : values) {
            auto file = sound<first>("text");
            file.header().*member = value;
            BOOST_TEST(refusal<first>(file.bytes()) != "");
        }
    auto file = sound<first>("text"); // 2^64 wraps: 192 + (2^64 - 188) == 4
    file.header().text_bytes = ~0ull - 187;
    file.header().file_bytes = 4;
    same(refusal<first>(file.bytes()),
         "the header's sizes do not add up: 4 bytes in all, text of 18446744073709551428 at "
         "192 behind 64 of weights");
}

BOOST_AUTO_TEST_CASE(damage_is_found_when_asked_for) {
    for (const auto& [at, why] :
         {std::pair<std::size_t, std::string_view>{
              128, "weights: the file is damaged: its weights do not have the checksum that its header says"},
          {195, "weights: the file is damaged: its text does not have the checksum that its header says"}}) {
        auto file = sound<first>("text");
        file.bytes()[at] ^= std::byte(1);
        const auto view = check_packed<first>(file.bytes());
        same(sentence(view), "");
        same(sentence(verify_packed(*view)), why);
    }
}

BOOST_AUTO_TEST_SUITE_END()
