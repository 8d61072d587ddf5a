#include <boost/test/unit_test.hpp>

#include "constformer/core/manifest.hpp"
#include "constformer/core/matrix.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace constformer;

namespace {

template <int Width, bool Bias> struct part {
    matrix<Width, 20> weight;
    [[no_unique_address]] when<Bias, vector<Width>> bias;
};
template <int Width, bool Bias = true> struct whole {
    table<5, 7> words;
    std::array<part<Width, Bias>, 12> parts;
    part<3, true> head;
    [[no_unique_address]] absent<vector<9>> none;
};
struct renamed {
    table<5, 7> tokens;
};
struct named {
    table<5, 7> words;
};

} // namespace

BOOST_AUTO_TEST_SUITE(core_manifest)

BOOST_AUTO_TEST_CASE(it_names_every_leaf_in_order) {
    constexpr auto all = manifest<whole<36>>();
    BOOST_TEST(all.size() == 1 + 12 * 2 + 2u);
    BOOST_TEST(all[0].path() == "words");
    BOOST_TEST(all[1].path() == "parts.0.weight");
    BOOST_TEST(all[2].path() == "parts.0.bias");
    BOOST_TEST(all[21].path() == "parts.10.weight");
    BOOST_TEST(all[24].path() == "parts.11.bias");
    BOOST_TEST(all[25].path() == "head.weight");
    BOOST_TEST(all[1].rows == 36);
    BOOST_TEST(all[1].columns == 20);
    BOOST_TEST(all[2].rows == 1);
    BOOST_TEST(all[2].columns == 36);
}

BOOST_AUTO_TEST_CASE(offsets_are_where_the_leaves_lie) {
    using type = whole<36>;
    constexpr auto all = manifest<type>();
    const auto live = std::make_unique<type>();
    std::size_t n = 0, end = 0;
    each_leaf(*live, [&](auto& leaf) {
        const auto offset = std::size_t(reinterpret_cast<std::byte*>(&leaf) - reinterpret_cast<std::byte*>(live.get()));
        BOOST_TEST(all[n].offset == offset);
        BOOST_TEST(all[n].bytes == sizeof leaf);
        BOOST_TEST(offset == end);
        BOOST_TEST(offset % 64 == 0);
        end = offset + sizeof leaf;
        ++n;
    });
    BOOST_TEST(n == all.size());
    BOOST_TEST(end == sizeof(type));
    std::size_t seen = 0;
    each_leaf(std::as_const(*live), [&](const auto&) { ++seen; });
    BOOST_TEST(seen == n);
}

BOOST_AUTO_TEST_CASE(parameters_are_counted_without_padding) {
    BOOST_TEST((parameters<whole<36>>() == 35u + 12 * (36 * 20 + 36) + 3 * 20 + 3));
    BOOST_TEST((parameters<whole<36, false>>() == 35u + 12 * 36 * 20 + 3 * 20 + 3));
    BOOST_TEST(parameters<vector<1>>() == 1u);
}

BOOST_AUTO_TEST_CASE(the_hash_names_the_layout) {
    const std::vector<std::uint64_t> hashes{manifest_hash<whole<36>>(), manifest_hash<whole<35>>(),
                                            manifest_hash<whole<36, false>>(), manifest_hash<named>(),
                                            manifest_hash<renamed>()};
    for (std::size_t i = 0; i < hashes.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) BOOST_TEST(hashes[i] != hashes[j]);
    // a weights file written yesterday is read tomorrow: this number is a part of the format
    BOOST_TEST((manifest_hash<table<5, 7>>() == manifest_hash<table<5, 7>>()));
    BOOST_TEST((manifest_hash<table<5, 7>>() != manifest_hash<table<7, 5>>()));
    BOOST_TEST((manifest_hash<matrix<16, 16>>() == manifest_hash<table<16, 16>>()));
}

BOOST_AUTO_TEST_SUITE_END()
