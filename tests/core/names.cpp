#include <boost/test/unit_test.hpp>

#include "constformer/core/names.hpp"

#include <vector>

using namespace constformer;

namespace {

constexpr name layer[] = {{"self.output", "attention.output.dense"},
                          {"self", "attention.self"},
                          {"ffn.up", "mlp.fc", {.transposed = true, .part = 1, .of = 3}},
                          {"ffn.up", "mlp.up"}};
constexpr name inner[] = {{"layers.*", "encoder.layer.*", {}, layer}, {"words", "embeddings.words"}};
constexpr name table[] = {{"body", "", {}, inner},
                          {"body", "bert", {}, inner},
                          {"grid.*.*", "cell_*_of_*"},
                          {"bias", "head.bias"},
                          {"bias", "decoder.bias"}};

std::vector<std::string> all(std::string_view path) {
    std::vector<std::string> found;
    translation t;
    for (int nth = 0; translate(path, table, nth, t); ++nth) found.push_back(t.theirs);
    return found;
}
using list = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(core_names)

BOOST_AUTO_TEST_CASE(the_beginning_of_a_path_is_replaced) {
    BOOST_TEST(all("bias") == (list{"head.bias", "decoder.bias"}));
    BOOST_TEST(all("body.words") == (list{"embeddings.words", "bert.embeddings.words"}));
    BOOST_TEST(all("body.words.weight") == (list{"embeddings.words.weight", "bert.embeddings.words.weight"}));
}

BOOST_AUTO_TEST_CASE(stars_carry_indices_through_nested_tables) {
    BOOST_TEST(all("body.layers.0.self.query.weight") == (list{"encoder.layer.0.attention.self.query.weight",
                                                               "bert.encoder.layer.0.attention.self.query.weight"}));
    BOOST_TEST(all("body.layers.11.self.output.bias") ==
               (list{"encoder.layer.11.attention.output.dense.bias", "encoder.layer.11.attention.self.output.bias",
                     "bert.encoder.layer.11.attention.output.dense.bias",
                     "bert.encoder.layer.11.attention.self.output.bias"}));
    BOOST_TEST(all("grid.3.14.weight") == (list{"cell_3_of_14.weight"}));
}

BOOST_AUTO_TEST_CASE(alternatives_come_in_the_order_of_the_table_with_their_layout) {
    translation t;
    BOOST_TEST(translate("body.layers.2.ffn.up.weight", table, 0, t));
    BOOST_TEST(t.theirs == "encoder.layer.2.mlp.fc.weight");
    BOOST_TEST(t.how.transposed);
    BOOST_TEST(t.how.part == 1);
    BOOST_TEST(t.how.of == 3);
    BOOST_TEST(translate("body.layers.2.ffn.up.weight", table, 1, t));
    BOOST_TEST(t.theirs == "encoder.layer.2.mlp.up.weight");
    BOOST_TEST(!t.how.transposed);
    BOOST_TEST(t.how.of == 1);
    BOOST_TEST(translate("body.layers.2.ffn.up.weight", table, 3, t));
    BOOST_TEST(t.theirs == "bert.encoder.layer.2.mlp.up.weight");
    BOOST_TEST(!translate("body.layers.2.ffn.up.weight", table, 4, t));
}

BOOST_AUTO_TEST_CASE(what_no_line_says_is_not_translated) {
    for (const char* path : {"", "bod", "body2", "bias2", "body", "body.unknown", "body.layers.x.self",
                             "body.layers..self", "grid.3", "grid.3.x", "layers.0.self", "biased.weight"})
        BOOST_TEST(all(path).empty(), path);
    translation t;
    BOOST_TEST(!translate("bias", {}, 0, t));
}

BOOST_AUTO_TEST_CASE(an_empty_name_stands_for_the_whole_path) {
    constexpr name same[] = {{"", ""}}, below[] = {{"", "model"}}, above[] = {{"body", ""}};
    translation t;
    BOOST_TEST(translate("body.weight", above, 0, t));
    BOOST_TEST(t.theirs == "weight");
    BOOST_TEST(translate("tokens.weight", same, 0, t));
    BOOST_TEST(t.theirs == "tokens.weight");
    BOOST_TEST(translate("tokens.weight", below, 0, t));
    BOOST_TEST(t.theirs == "model.tokens.weight");
}

BOOST_AUTO_TEST_CASE(outputs_lie_where_a_layout_says) {
    const auto places = [](stored_as how, std::size_t rows) {
        std::vector<std::size_t> all;
        for (std::size_t r = 0; r < rows; ++r) all.push_back(stored_output(how, rows, r));
        return all;
    };
    using list = std::vector<std::size_t>;
    BOOST_TEST((places({}, 3) == list{0, 1, 2}));
    BOOST_TEST((places({.part = 1, .of = 3}, 4) == list{4, 5, 6, 7}));
    // Two heads of two; query, key and value of a head side by side.
    BOOST_TEST((places({.part = 0, .of = 3, .groups = 2}, 4) == list{0, 1, 6, 7}));
    BOOST_TEST((places({.part = 2, .of = 3, .groups = 2}, 4) == list{4, 5, 10, 11}));
    // Two heads of four; the pairs of a head side by side.
    BOOST_TEST((places({.pairs = 4}, 8) == list{0, 2, 1, 3, 4, 6, 5, 7}));
}

BOOST_AUTO_TEST_SUITE_END()
