// The configs of the tokenizers of subwords. Written by tests/golden/make/subword.py.
#pragma once

#include "constformer/text/normal_form.hpp"
#include "constformer/text/subword.hpp"

namespace golden::gpt2 {
inline constexpr constformer::subword_config tokenizer{.split = &constformer::splits::gpt2, .bytes = true};
} // namespace golden::gpt2

namespace golden::roberta {
inline constexpr constformer::text_step tokenizer_steps[] = {{&constformer::text_steps::prefix, {}, " "}};
inline constexpr constformer::frame_part tokenizer_single[] = {{0}, {constformer::frame_part::first}, {1}};
inline constexpr constformer::frame_part tokenizer_pair[] = {
    {0},
    {constformer::frame_part::first},
    {1},
    {1},
    {constformer::frame_part::second},
    {1},
};
inline constexpr constformer::subword_config tokenizer{.steps = tokenizer_steps, .split = &constformer::splits::gpt2,
    .single = tokenizer_single, .pair = tokenizer_pair, .bytes = true, .unknown = 2, .trim_offsets = true,
    .keep_prefix = true};
} // namespace golden::roberta

namespace golden::llama3 {
inline constexpr constformer::frame_part tokenizer_single[] = {{0}, {constformer::frame_part::first}};
inline constexpr constformer::frame_part tokenizer_pair[] = {
    {0},
    {constformer::frame_part::first},
    {0, 1},
    {constformer::frame_part::second, 1},
};
inline constexpr constformer::subword_config tokenizer{.split = &constformer::splits::llama3,
    .single = tokenizer_single, .pair = tokenizer_pair, .bytes = true, .ignore_merges = true, .trim_offsets = true};
} // namespace golden::llama3

namespace golden::qwen2 {
inline constexpr constformer::text_step tokenizer_normal[] = {{&constformer::text_steps::nfc}};
inline constexpr constformer::subword_config tokenizer{.normal = tokenizer_normal, .split = &constformer::splits::qwen2,
    .bytes = true};
} // namespace golden::qwen2

namespace golden::smollm {
inline constexpr constformer::subword_config tokenizer{.apart = &constformer::splits::each_digit,
    .split = &constformer::splits::gpt2, .bytes = true};
} // namespace golden::smollm

namespace golden::llama2 {
inline constexpr constformer::text_step tokenizer_normal[] = {
    {&constformer::text_steps::prepend, {}, "\342\226\201"},
    {&constformer::text_steps::replace, " ", "\342\226\201"},
};
inline constexpr constformer::frame_part tokenizer_single[] = {{0}, {constformer::frame_part::first}};
inline constexpr constformer::frame_part tokenizer_pair[] = {
    {0},
    {constformer::frame_part::first},
    {0, 1},
    {constformer::frame_part::second, 1},
};
inline constexpr constformer::subword_config tokenizer{.normal = tokenizer_normal, .single = tokenizer_single,
    .pair = tokenizer_pair, .unknown = 2, .fuse_unknown = true, .byte_fallback = true,
    .decode = {.marks = true, .bytes = true, .first = constformer::first_token::drop_space}};
} // namespace golden::llama2

namespace golden::mistral {
inline constexpr constformer::text_step tokenizer_steps[] = {
    {&constformer::text_steps::replace, " ", "\342\226\201"},
    {&constformer::text_steps::prefix_first, {}, "\342\226\201"},
};
inline constexpr constformer::subword_config tokenizer{.steps = tokenizer_steps, .unknown = 2, .fuse_unknown = true,
    .decode = {.marks = true}};
} // namespace golden::mistral

namespace golden::gpt {
inline constexpr constformer::text_step tokenizer_normal[] = {{&constformer::text_steps::bert}};
inline constexpr constformer::subword_config tokenizer{.normal = tokenizer_normal, .split = &constformer::splits::words,
    .unknown = 0, .word_end = "</w>"};
} // namespace golden::gpt

namespace golden::clip {
inline constexpr constformer::text_step tokenizer_normal[] = {
    {&constformer::text_steps::nfc},
    {&constformer::text_steps::squeeze_white_space, {}, " "},
    {&constformer::text_steps::lowercase},
};
inline constexpr constformer::frame_part tokenizer_single[] = {{0}, {constformer::frame_part::first}, {1}};
inline constexpr constformer::frame_part tokenizer_pair[] = {
    {0},
    {constformer::frame_part::first},
    {1},
    {1},
    {constformer::frame_part::second},
    {1},
};
inline constexpr constformer::subword_config tokenizer{.normal = tokenizer_normal, .split = &constformer::splits::clip,
    .single = tokenizer_single, .pair = tokenizer_pair, .bytes = true, .unknown = 2, .word_end = "</w>"};
} // namespace golden::clip

namespace golden::t5 {
inline constexpr constformer::text_step tokenizer_normal[] = {
    {&constformer::text_steps::charsmap, constformer::charsmap_data},
    {&constformer::text_steps::strip_right},
    {&constformer::text_steps::squeeze_spaces, {}, "\342\226\201"},
};
inline constexpr constformer::text_step tokenizer_steps[] = {
    {&constformer::text_steps::replace, " ", "\342\226\201"},
    {&constformer::text_steps::prefix, {}, "\342\226\201"},
};
inline constexpr constformer::frame_part tokenizer_single[] = {{constformer::frame_part::first}, {1}};
inline constexpr constformer::frame_part tokenizer_pair[] = {
    {constformer::frame_part::first},
    {1},
    {constformer::frame_part::second},
    {1},
};
inline constexpr constformer::subword_config tokenizer{.normal = tokenizer_normal,
    .apart = &constformer::splits::white_space, .steps = tokenizer_steps, .split = &constformer::splits::marks,
    .single = tokenizer_single, .pair = tokenizer_pair, .unknown = 2,
    .decode = {.marks = true, .first = constformer::first_token::drop_marks}};
} // namespace golden::t5

namespace golden::xlnet {
inline constexpr constformer::text_step tokenizer_normal[] = {
    {&constformer::text_steps::replace, "``", "\042"},
    {&constformer::text_steps::replace, "''", "\042"},
    {&constformer::text_steps::nfkd},
    {&constformer::text_steps::strip_accents},
    {&constformer::text_steps::lowercase},
    {&constformer::text_steps::squeeze_spaces, {}, " "},
};
inline constexpr constformer::text_step tokenizer_steps[] = {
    {&constformer::text_steps::replace, " ", "\342\226\201"},
    {&constformer::text_steps::prefix, {}, "\342\226\201"},
};
inline constexpr constformer::frame_part tokenizer_single[] = {{constformer::frame_part::first}, {1}, {3, 2}};
inline constexpr constformer::frame_part tokenizer_pair[] = {
    {constformer::frame_part::first},
    {1},
    {constformer::frame_part::second, 1},
    {1, 1},
    {3, 2},
};
inline constexpr constformer::subword_config tokenizer{.normal = tokenizer_normal, .steps = tokenizer_steps,
    .split = &constformer::splits::marks, .single = tokenizer_single, .pair = tokenizer_pair, .unknown = 2,
    .decode = {.marks = true, .first = constformer::first_token::drop_marks}};
} // namespace golden::xlnet

namespace golden::nfkc {
inline constexpr constformer::text_step tokenizer_normal[] = {
    {&constformer::text_steps::nfkc},
    {&constformer::text_steps::replace, " ", "\342\226\201"},
};
inline constexpr constformer::subword_config tokenizer{.normal = tokenizer_normal, .unknown = 2, .byte_fallback = true,
    .decode = {.marks = true, .bytes = true}};
} // namespace golden::nfkc
