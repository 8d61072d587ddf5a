#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

#include "constformer/text/normal_form.hpp"

using namespace constformer;

namespace {
std::string done(std::string_view text, void (*step)(normal_text&, const text_step&)) {
    normal_text t;
    t.start(text, 0);
    step(t, {});
    std::string out(t.text());
    out += '|';
    for (std::size_t i = 0; i < t.bytes.size(); ++i)
        if ((t.bytes[i] & 0xC0) != 0x80) out += std::to_string(t.places[i]);
    return out;
}
std::string utf8(std::initializer_list<char32_t> points) {
    std::string out;
    for (const auto p : points) {
        char bytes[4];
        out.append(bytes, static_cast<std::size_t>(unicode::encode(p, bytes)));
    }
    return out;
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_normal_form)

BOOST_AUTO_TEST_CASE(decomposing) {
    BOOST_TEST(done(utf8({0xE9, U'x'}), text_steps::nfd) == utf8({U'e', 0x301, U'x'}) + "|001");
    BOOST_TEST(done(utf8({0xAC01}), text_steps::nfd) == utf8({0x1100, 0x1161, 0x11A8}) + "|000");
    BOOST_TEST(done(utf8({0xFB01}), text_steps::nfd) == utf8({0xFB01}) + "|0");
    BOOST_TEST(done(utf8({0xFB01, 0xBD}), text_steps::nfkd) == "fi1" + utf8({0x2044}) + "2|00111");
    // Marks in the order of their classes; places stay in order.
    BOOST_TEST(done(utf8({U'a', 0x301, 0x323}), text_steps::nfd) == utf8({U'a', 0x323, 0x301}) + "|012");
}

BOOST_AUTO_TEST_CASE(composing) {
    BOOST_TEST(done(utf8({U'e', 0x301, U'x'}), text_steps::nfc) == utf8({0xE9, U'x'}) + "|02");
    BOOST_TEST(done(utf8({0x1100, 0x1161, 0x11A8}), text_steps::nfc) == utf8({0xAC01}) + "|0");
    BOOST_TEST(done(utf8({U'q', 0x307, 0x323}), text_steps::nfc) == utf8({U'q', 0x323, 0x307}) + "|012");
    BOOST_TEST(done(utf8({0x212B, 0xFB01}), text_steps::nfkc) == utf8({0xC5}) + "fi|011");
    BOOST_TEST(done(utf8({0x0958}), text_steps::nfc) == utf8({0x915, 0x93C}) + "|00"); // never composed again
    BOOST_TEST(done(utf8({U'a', 0x327, 0x327, 0x301}), text_steps::nfc) == utf8({0xE1, 0x327, 0x327}) + "|023");
    BOOST_TEST(done("plain", text_steps::nfkc) == "plain|01234");
    BOOST_TEST((unicode::compose(U'e', 0x301) == U'\u00E9'));
    BOOST_TEST((unicode::compose(U'e', U'x') == U'\0'));
    BOOST_TEST((unicode::compose(0x301, 0x301) == U'\0'));
}

// Each form of a form that says as much is the form itself.
BOOST_AUTO_TEST_CASE(laws_of_every_code_point) {
    const auto form = [](std::string_view text, auto step) {
        normal_text t;
        t.start(text, 0);
        step(t, text_step{});
        return std::string(t.text());
    };
    for (char32_t c = 0x80; c < 0x110000; ++c) {
        if (c >= 0xD800 && c < 0xE000) c = 0xE000;
        if (c >= 0x4E00 && c < 0x9F00) c = 0x9F00;
        if (c >= 0x20100 && c < 0xF0000 && c % 64 != 0 && (c < 0x2F800 || c >= 0x2FB00)) continue;
        if (c >= 0xF0000 && c % 512 != 0) continue;
        const auto text = utf8({c});
        const auto nfd = form(text, text_steps::nfd), nfc = form(text, text_steps::nfc);
        const auto nfkd = form(text, text_steps::nfkd), nfkc = form(text, text_steps::nfkc);
        BOOST_REQUIRE(form(nfd, text_steps::nfd) == nfd && form(nfc, text_steps::nfd) == nfd);
        BOOST_REQUIRE(form(nfd, text_steps::nfc) == nfc && form(nfkd, text_steps::nfc) == nfkc);
        BOOST_REQUIRE(form(nfc, text_steps::nfkd) == nfkd && form(nfkc, text_steps::nfkc) == nfkc);
    }
}

BOOST_AUTO_TEST_CASE(many_marks_take_one_pass) {
    std::string text = "a";
    for (int i = 0; i < 100'000; ++i) text += utf8({i % 2 ? char32_t(0x301) : char32_t(0x323)});
    const auto out = done(text, text_steps::nfd);
    BOOST_TEST(out.substr(1, 4) == utf8({0x323, 0x323}));
}

BOOST_AUTO_TEST_CASE(accents) {
    BOOST_TEST(done(utf8({U'a', 0x301, 0x93E, 0xE9}), text_steps::strip_accents) == utf8({U'a', 0xE9}) + "|03");
}

BOOST_AUTO_TEST_SUITE_END()
