#include <boost/test/unit_test.hpp>

#include "constformer/core/isa.hpp"

#include <algorithm>

using namespace constformer;

namespace {
const char* here() { return nullptr; }
const char* no_wings() { return "wings"; }
const char* no_wheels() { return "wheels"; }
constexpr instruction_set built[] = {{"sse4_2", here}, {"avx2", here}, {"avx512", no_wings}};
std::string said(const expected<std::size_t>& chosen) {
    return chosen ? std::string() : std::string(chosen.error().what());
}
} // namespace

BOOST_AUTO_TEST_SUITE(core_isa)

BOOST_AUTO_TEST_CASE(the_best_that_is_here_runs_unless_another_one_is_forced) {
    BOOST_TEST(choose_isa(built, nullptr).value() == 1u);
    BOOST_TEST(choose_isa(built, "").value() == 1u);
    BOOST_TEST(choose_isa(built, "sse4_2").value() == 0u);
    BOOST_TEST(choose_isa(built, "avx2").value() == 1u);
}

BOOST_AUTO_TEST_CASE(what_this_processor_is_slower_with_runs_only_where_nothing_faster_is_built) {
    const auto slower_than_avx2 = [](std::string_view other) { return other == "avx2"; };
    const instruction_set slow{"avx512", here, slower_than_avx2}, sse{"sse4_2", here}, avx2{"avx2", here},
        no_avx2{"avx2", no_wheels}, vnni{"avx_vnni", here}, best{"avx512_vnni", here};
    const auto chosen = [](std::initializer_list<instruction_set> all, const char* forced = nullptr) {
        return choose_isa(std::span(all.begin(), all.size()), forced).value();
    };
    BOOST_TEST(chosen({sse, avx2, slow}) == 1u);
    BOOST_TEST(chosen({sse, avx2, slow, best}) == 3u);
    BOOST_TEST(chosen({sse, avx2, vnni, slow}) == 1u);
    BOOST_TEST(chosen({sse, slow}) == 1u);
    BOOST_TEST(chosen({sse, no_avx2, slow}) == 2u);
    BOOST_TEST(chosen({sse, avx2, slow}, "avx512") == 2u);
}

BOOST_AUTO_TEST_CASE(what_cannot_run_is_refused_in_a_sentence) {
    BOOST_TEST(said(choose_isa(built, "avx512")) == "CONSTFORMER_ISA=avx512: this processor lacks wings");
    BOOST_TEST(said(choose_isa(built, "neon")) ==
               "CONSTFORMER_ISA=neon: this program is not compiled for it, only for sse4_2, avx2, avx512");
    BOOST_TEST(said(choose_isa(built, "AVX2")) == "CONSTFORMER_ISA=AVX2: there is no such instruction set; "
                                                  "this program has sse4_2, avx2, avx512");
    constexpr instruction_set none[] = {{"avx2", no_wheels}, {"avx512", no_wings}};
    BOOST_TEST(said(choose_isa(none, nullptr)) ==
               "this processor lacks wheels; this program is compiled for avx2, avx512");
}

// A test that runs has its instructions; every name that the compiler's flags can give is known.
BOOST_AUTO_TEST_CASE(the_instruction_set_of_this_test_is_here_and_has_a_known_name) {
    BOOST_TEST(isas::CONSTFORMER_INSTRUCTIONS::lacks() == nullptr);
    BOOST_TEST(isas::CONSTFORMER_INSTRUCTIONS::name == isa_name);
    BOOST_TEST((std::ranges::find(all_isas, std::string_view(isa_name)) != std::end(all_isas)));
    BOOST_TEST(std::size(built_isas::all) == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
