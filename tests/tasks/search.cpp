#include "tests/tasks/support.hpp"

#include "constformer/tasks/search.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

namespace constformer::test {
namespace {

// An index in memory, as write_index lays it out.
std::vector<std::byte> index_of(std::uint32_t width, std::uint32_t count, const std::vector<std::string>& texts) {
    index_header h;
    h.width = width, h.count = count;
    std::vector<std::byte> file(sizeof h + std::size_t(width) * count * 4);
    for (std::size_t i = 0; i < std::size_t(width) * count; ++i) {
        const float value = float(i);
        std::memcpy(file.data() + sizeof h + i * 4, &value, 4);
    }
    if (!texts.empty()) {
        h.texts_offset = index_view::texts_at(width, count);
        file.resize(h.texts_offset + (texts.size() + 1) * 8);
        std::uint64_t at = 0;
        for (std::size_t i = 0; i <= texts.size(); ++i) {
            std::memcpy(file.data() + h.texts_offset + i * 8, &at, 8);
            if (i < texts.size()) at += texts[i].size();
        }
        h.texts_bytes = at;
        for (const std::string& text : texts)
            for (const char c : text) file.push_back(std::byte(c));
    }
    h.file_bytes = file.size();
    std::memcpy(file.data(), &h, sizeof h);
    return file;
}
void set(std::vector<std::byte>& file, std::size_t at, std::uint64_t value, std::size_t size = 8) {
    std::memcpy(file.data() + at, &value, size);
}

} // namespace

BOOST_AUTO_TEST_SUITE(tasks_search)

BOOST_AUTO_TEST_CASE(finds_what_sorting_finds) {
    std::mt19937 random(5);
    std::normal_distribution<float> normal;
    for (const int width : {1, 7, 16, 36, 100}) {
        const int count = 300;
        std::vector<float> vectors(std::size_t(count * width)), query(static_cast<std::size_t>(width));
        for (float& v : vectors) v = normal(random);
        for (float& v : query) v = normal(random);
        std::vector<std::pair<double, int>> all;
        for (int i = 0; i < count; ++i) {
            double sum = 0;
            for (int d = 0; d < width; ++d) sum += double(vectors[std::size_t(i * width + d)]) * query[std::size_t(d)];
            all.emplace_back(-sum, i);
        }
        std::sort(all.begin(), all.end());
        for (const int top : {1, 10, 299, 300, 400}) {
            std::vector<hit> best(static_cast<std::size_t>(top));
            const int found = search(vectors.data(), count, width, query.data(), best);
            BOOST_TEST(found == std::min(top, count));
            double off = 0;
            for (int i = 0; i < found; ++i)
                off = std::max(off, std::abs(double(best[std::size_t(i)].score) + all[std::size_t(i)].first));
            BOOST_TEST(off < 1e-4);
        }
    }
}

BOOST_AUTO_TEST_CASE(equal_scores_keep_their_order_and_nan_is_never_found) {
    const float nan = std::nanf("");
    const float vectors[] = {1, nan, 2, 1, 2, -nan, 1};
    const float query[] = {1};
    hit best[5];
    BOOST_REQUIRE(search<1>({vectors, 7}, std::span<const float, 1>(query), best) == 5);
    const int order[] = {2, 4, 0, 3, 6};
    for (int i = 0; i < 5; ++i) BOOST_TEST(best[i].index == order[i]);
    BOOST_TEST(search<1>({vectors, 7}, std::span<const float, 1>(query), {}) == 0);
    BOOST_TEST(search<1>({vectors, 0}, std::span<const float, 1>(query), best) == 0);
}

BOOST_AUTO_TEST_CASE(an_index_in_memory) {
    for (const bool with : {true, false}) {
        const auto file =
            index_of(3, 3, with ? std::vector<std::string>{"one", "", "drü"} : std::vector<std::string>{});
        const auto view = index_view::check(file);
        BOOST_REQUIRE_MESSAGE(view, why(view));
        BOOST_TEST(view->width() == 3);
        BOOST_TEST(view->count() == 3);
        BOOST_TEST(view->has_texts() == with);
        BOOST_TEST(view->vectors()[8] == 8.0f);
        BOOST_TEST(view->text(0) == (with ? "one" : ""));
        BOOST_TEST(view->text(1) == "");
        BOOST_TEST(view->text(2) == (with ? "drü" : ""));
        const float query[] = {1, 0, 0}, narrow[] = {1, 0};
        hit best[2];
        const auto found = search(*view, query, best);
        BOOST_REQUIRE(found);
        BOOST_TEST(*found == 2);
        BOOST_TEST(best[0].index == 2);
        BOOST_TEST(why(search(*view, narrow, best)) ==
                   "search: the query has width 2, the index holds vectors of width 3");
    }
}

BOOST_AUTO_TEST_CASE(a_damaged_index_is_refused) {
    const auto good = index_of(3, 3, {"one", "", "drü"});
    // Cut anywhere, or longer.
    for (std::size_t size = 0; size < good.size(); ++size) BOOST_TEST(!index_view::check(std::span(good).first(size)));
    auto longer = good;
    longer.push_back(std::byte{});
    BOOST_TEST(!index_view::check(longer));
    // Any byte of the header or of the texts' table changed: refused, or still inside the file.
    for (std::size_t at = 0; at < good.size(); ++at) {
        if (at >= 64 && at < index_view::texts_at(3, 3)) continue;
        for (const int value : {0, 1, 0x7f, 0xff}) {
            auto changed = good;
            changed[at] = std::byte(value);
            if (const auto view = index_view::check(changed))
                for (int i = 0; i < view->count(); ++i) {
                    const auto text = view->text(i);
                    const auto* end = reinterpret_cast<const char*>(changed.data() + changed.size());
                    BOOST_TEST((text.data() + text.size() <= end));
                }
        }
    }
    auto huge = good; // width * count * 4 wraps 2^64
    set(huge, 8, 0x7fffffff, 4), set(huge, 12, 0x7fffffff, 4);
    BOOST_TEST(!index_view::check(huge));
    auto none = good;
    set(none, 8, 0, 4);
    BOOST_TEST(why(index_view::check(none)) == "index: 3 vectors of width 0 cannot be");
    BOOST_TEST(
        why(index_view::check(std::as_bytes(std::span("not an index, but long enough for the 64 bytes of its header"
                                                      "............")))) ==
        "index: this is no index of vectors, it does not begin with \"cfindex1\"");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
