// task: what can be asked of a model that reads texts, and the one list of the words for it: those of compiled programs
// (OUT fill-mask), and those of Transformers' pipeline().
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace constformer {

enum class task {
    embed,
    search,
    fill_mask,
    classify, // a text, or a pair
    zero_shot,
    tag,
    answer,
    rerank,
    generate,
    chat,
    translate,
    summarize
};

struct task_words {
    std::string_view ours, transformers; // empty: it has none
};
inline constexpr std::array<task_words, 12> words_of_tasks{{{"embed", "feature-extraction"},
                                                            {"search", ""},
                                                            {"fill-mask", "fill-mask"},
                                                            {"classify", "text-classification"},
                                                            {"zero-shot", "zero-shot-classification"},
                                                            {"tag", "token-classification"},
                                                            {"answer", "question-answering"},
                                                            {"rerank", "text-ranking"},
                                                            {"generate", "text-generation"},
                                                            {"chat", ""},
                                                            {"translate", "translation"},
                                                            {"summarize", "summarization"}}};

[[nodiscard]] constexpr std::string_view name_of(task what) { return words_of_tasks[std::size_t(what)].ours; }

// The task that a word names, ours or Transformers'; none where there is no such task.
[[nodiscard]] constexpr std::optional<task> find_task(std::string_view word) {
    for (std::size_t i = 0; i < words_of_tasks.size() && !word.empty(); ++i)
        if (word == words_of_tasks[i].ours || word == words_of_tasks[i].transformers) return task(int(i));
    return {};
}

} // namespace constformer
