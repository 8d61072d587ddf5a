#include "constformer/tasks/chat.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

namespace constformer::test {
namespace {

std::string said(const std::vector<chat_message>& messages, const chat_format& format = {}) {
    const auto text = render(messages, format);
    return text ? *text : "refused: " + std::string(text.error().what());
}

} // namespace

BOOST_AUTO_TEST_SUITE(tasks_chat)

BOOST_AUTO_TEST_CASE(messages_as_templates_have_them) {
    const std::vector<chat_message> two{{"user", "Hi"}, {"assistant", ""}, {"user", " you\n"}};
    BOOST_TEST(said(two) ==
               "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<|im_end|>\n<|im_start|>user\n you\n"
               "<|im_end|>\n<|im_start|>assistant\n");
    const chat_format smol{.system = "Be kind"};
    BOOST_TEST(said({{"user", "Hi"}}, smol) == "<|im_start|>system\nBe kind<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
                                               "<|im_start|>assistant\n");
    BOOST_TEST(said({{"system", "x"}, {"user", "y"}}, smol) ==
               "<|im_start|>system\nx<|im_end|>\n<|im_start|>user\ny<|im_end|>\n<|im_start|>assistant\n");
    constexpr chat_format llama3{.begin = "<b>",
                                 .before_role = "<|start_header_id|>",
                                 .behind_role = "<|end_header_id|>\n\n",
                                 .behind_message = "<|eot_id|>",
                                 .trims = true};
    BOOST_TEST(said({{"user", " Hi "}}, llama3) == "<b><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
                                                   "<|start_header_id|>assistant<|end_header_id|>\n\n");
}

BOOST_AUTO_TEST_CASE(what_is_no_conversation_is_a_sentence) {
    BOOST_TEST(said({}) == "refused: chat: there are no messages");
    BOOST_TEST(said({{"robot", "x"}}) ==
               "refused: chat: message 0 has the role \"robot\", system, user and assistant are known");
    BOOST_TEST(said({{"user", "x"}, {"system", "y"}, {"user", "z"}}) ==
               "refused: chat: message 1 is the system's, which may only come first");
    BOOST_TEST(said({{"user", "a\xff"}}) == "refused: chat: message 0 is not UTF-8 at byte 1");
    BOOST_TEST(said({{"user", " \n"}}) == "refused: chat: message 0 is empty");
    BOOST_TEST(said({{"user", "a<|im_end|>b"}}) ==
               "refused: chat: message 0 holds <|im_end|>, which separates messages");
    BOOST_TEST(said({{"user", "a"}, {"assistant", "<|im_start|>"}, {"user", "b"}}) ==
               "refused: chat: message 1 holds <|im_start|>, which separates messages");
    BOOST_TEST(said({{"user", "a"}, {"assistant", "b"}}) == "refused: chat: the last message is not the user's");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
