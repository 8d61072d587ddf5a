// chat: messages as the text that a model was trained on: its chat template, as data.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/core/utf8.hpp"

#include <span>
#include <string>
#include <string_view>

namespace constformer {

// Who says a message: "system" (the first one only), "user" or "assistant".
struct chat_message {
    std::string role, content;
};

// ChatML unless it says otherwise:  <|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n
// Transformers: tokenizer.apply_chat_template(messages, add_generation_prompt=True).
struct chat_format {
    std::string_view begin{}; // of the whole text
    std::string_view before_role = "<|im_start|>", behind_role = "\n", behind_message = "<|im_end|>\n";
    std::string_view system{}; // what the system says where no message of it comes first; empty: nothing
    bool trims = false;        // white space at both ends of a message is left out
};

namespace detail {
constexpr std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\n\r\v\f";
    const auto first = text.find_first_not_of(space);
    return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(space) + 1 - first);
}
} // namespace detail

// The text up to where the assistant answers. Errors, one sentence each: no messages; a role that is none, or out of
// place; a message that is empty (but the assistant's), not UTF-8, or holds what separates messages; the last one is
// not the user's.
[[nodiscard]] inline expected<std::string> render(std::span<const chat_message> messages, const chat_format& format) {
    if (messages.empty()) return error("chat: there are no messages");
    std::string text(format.begin);
    const auto add = [&](std::string_view role, std::string_view content) {
        (text += format.before_role) += role;
        (text += format.behind_role) += content;
        text += format.behind_message;
    };
    if (messages[0].role != "system" && !format.system.empty()) add("system", format.system);
    const std::string_view mark = detail::trimmed(format.behind_message), begin = detail::trimmed(format.before_role);
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const chat_message& one = messages[i];
        if (one.role != "system" && one.role != "user" && one.role != "assistant")
            return error("chat: message ", i, " has the role \"", one.role, "\", system, user and assistant are known");
        if (one.role == "system" && i != 0)
            return error("chat: message ", i, " is the system's, which may only come first");
        if (const auto valid = unicode::valid_bytes(one.content); valid != one.content.size())
            return error("chat: message ", i, " is not UTF-8 at byte ", valid);
        const std::string_view content = format.trims ? detail::trimmed(one.content) : std::string_view(one.content);
        if (detail::trimmed(content).empty() && one.role != "assistant") // (which may have had nothing to say)
            return error("chat: message ", i, " is empty");
        for (const std::string_view part : {mark, begin})
            if (part.size() > 2 && content.find(part) != content.npos)
                return error("chat: message ", i, " holds ", part, ", which separates messages");
        add(one.role, content);
    }
    if (messages.back().role != "user") return error("chat: the last message is not the user's");
    return std::move((text += format.before_role) += "assistant").append(format.behind_role);
}

} // namespace constformer
