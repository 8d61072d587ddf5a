#include <boost/test/unit_test.hpp>

#include "constformer/core/matrix.hpp"
#include "constformer/files/packed_file.hpp"
#include "support.hpp"

#include <cstring>
#include <memory>

using namespace constformer;
using namespace files_test;

namespace packed_file_test {
struct net {
    matrix<19, 7> weight;
    constformer::vector<19> bias;
};
struct other {
    matrix<19, 7> weight;
};
std::unique_ptr<net> filled() {
    auto weights = std::make_unique<net>();
    for (int r = 0; r < 19; ++r) {
        float row[7];
        for (int c = 0; c < 7; ++c) row[c] = static_cast<float>(10 * r + c);
        weights->weight.put(r, row);
    }
    return weights;
}
} // namespace packed_file_test
using namespace packed_file_test;

BOOST_AUTO_TEST_SUITE(files_packed_file)

BOOST_AUTO_TEST_CASE(round_trip) {
    const directory here;
    const auto weights = filled();
    same(sentence(write_packed(here / "a", *weights, "[PAD]\n[UNK]\n")), "");
    auto file = open_packed<net>(here / "a", verification::checksums);
    same(sentence(file), "");
    const net* data = &**file;
    BOOST_TEST(std::memcmp(data, weights.get(), sizeof(net)) == 0);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(data) % 64 == 0u);
    const auto moved = std::move(*file);
    BOOST_TEST(&*moved == data);
    BOOST_TEST(moved->weight.at(18, 6) == 186.0f);
    same(moved.text(), "[PAD]\n[UNK]\n");
    // Packing is repeatable.
    same(sentence(write_packed(here / "b", *weights, "[PAD]\n[UNK]\n")), "");
    BOOST_TEST((get(here / "a") == get(here / "b")));
}

BOOST_AUTO_TEST_CASE(refusals_name_the_file) {
    const directory here;
    const auto weights = filled();
    same(sentence(write_packed(here / "a", *weights)), "");
    same(sentence(open_packed<other>(here / "a")), (here / "a") +
                                                       ": weights: the file holds net (1024 bytes), this program needs "
                                                       "other (896 bytes)");
    std::string bytes = get(here / "a");
    bytes[500] ^= 1;
    put(here / "b", bytes);
    same(sentence(open_packed<net>(here / "b")), "");
    same(sentence(open_packed<net>(here / "b", verification::checksums)),
         (here / "b") + ": weights: the file is damaged: its weights do not have the checksum that its header says");
    put(here / "c", bytes.substr(0, 1000));
    same(sentence(open_packed<net>(here / "c")),
         (here / "c") + ": weights: the file has 1000 bytes, its header says 1152: it is incomplete");
    same(sentence(open_packed<net>(here / "d")), (here / "d") + ": cannot be opened: No such file or directory");
    put(here / "e", "");
    same(sentence(open_packed<net>(here / "e")), (here / "e") + ": is empty");
}

BOOST_AUTO_TEST_CASE(a_new_file_may_replace_one_in_use) {
    const directory here;
    const auto weights = filled();
    same(sentence(write_packed(here / "a", *weights, "old")), "");
    const auto file = open_packed<net>(here / "a");
    same(sentence(write_packed(here / "a", net{}, "new")), "");
    same(file->text(), "old");
    BOOST_TEST((*file)->weight.at(1, 0) == 10.0f);
    same(open_packed<net>(here / "a")->text(), "new");
}

BOOST_AUTO_TEST_SUITE_END()
