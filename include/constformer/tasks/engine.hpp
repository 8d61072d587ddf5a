// engine: what every task on text stands on: a model, its tokenizer, and the memory of a forward, placed once. A task
// that has seen its longest text allocates nothing more.
#pragma once

#include "constformer/core/workspace.hpp"
#include "constformer/models/bert.hpp"
#include "constformer/tasks/tokenizer.hpp"

#include <algorithm>
#include <concepts>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace constformer {

// What a task does with texts of more tokens than fit: refuse them, or cut them off.
struct text_options {
    bool truncate = false;
};

// What a forward can be watched by: core/workspace.hpp's silent, or what derives from it.
template <class T>
concept observer = std::derived_from<T, silent>;

// Why a head's numbers are no answer: damaged weights give NaN, which a softmax would hide.
[[nodiscard]] inline status numbers(std::span<const float> values, const char* who) {
    for (const float v : values)
        if (!(v - v == 0)) return error(who, ": the model's scores are not numbers: its weights are damaged");
    return {};
}

// Bytes that begin at a multiple of 64, for workspaces; not initialized. Move only.
class aligned_memory {
  public:
    explicit aligned_memory(std::size_t bytes) : lines_(new line[(bytes + 63) / 64]), size_((bytes + 63) / 64 * 64) {}
    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return {lines_[0].bytes, size_}; }

  private:
    struct alignas(64) line {
        std::byte bytes[64];
    };
    std::unique_ptr<line[]> lines_;
    std::size_t size_;
};

// Parts of a text by code points, the unit of a token's offsets. Asked from left to right it reads the text once.
class code_points {
  public:
    explicit code_points(std::string_view text) : text_(text) {}
    // Code points [begin, end), as far as there are any.
    [[nodiscard]] std::string_view operator()(int begin, int end) {
        const std::size_t from = byte_of(begin);
        code_points ahead = *this; // the next part may begin before this one's end
        return text_.substr(from, ahead.byte_of(std::max(begin, end)) - from);
    }

  private:
    std::string_view text_;
    std::size_t byte_ = 0;
    int point_ = 0;

    std::size_t byte_of(int point) {
        if (point < point_) byte_ = 0, point_ = 0;
        for (; point_ < point && byte_ < text_.size(); ++point_) do
                ++byte_;
            while (byte_ < text_.size() && (static_cast<unsigned char>(text_[byte_]) & 0xC0) == 0x80);
        return byte_;
    }
};

inline namespace CONSTFORMER_ISA {

// How many texts of a pair a model tells apart by their tokens' segments; a decoder does not.
template <class Model> constexpr int segments_of() {
    if constexpr (requires { Model::config.segments; })
        return Model::config.segments;
    else
        return 0;
}

// A batch of texts on its way through a model. Model and tokenizer stay the caller's and must outlive this; one thread
// at a time may use it. Tasks (embedder, classifier, ...) are what programs use.
template <class Model, class Threads = sequential, tokenizer Words = wordpiece> class engine {
  public:
    // `most_tokens`: the most tokens of one forward, special ones included; it decides the memory. A text may have as
    // many, but no more than the model has positions. `more`: bytes that the task needs beside the model's scratch;
    // `behind`: those that it needs in its place, once the forward is done.
    engine(const Model& model, const Words& words, int most_tokens, std::size_t more, Threads threads = {},
           std::size_t behind = 0)
        : model_(&model), words_(&words), most_(std::max(most_tokens, 1)), threads_(threads),
          memory_(together(more, either(Model::scratch(worst(), threads.size()), behind))) {
        ids_.reserve(std::size_t(most_));
        segments_.reserve(std::size_t(most_));
        each_.reserve(std::size_t(most_));
    }

    [[nodiscard]] const Model& model() const { return *model_; }
    [[nodiscard]] const Words& words() const { return *words_; }
    [[nodiscard]] int most_tokens() const { return most_; }
    // The most tokens of one text, special ones included.
    [[nodiscard]] int longest() const { return std::min(most_, Model::config.positions); }
    // All memory of the forwards.
    [[nodiscard]] std::size_t bytes() const { return memory_.bytes().size(); }

    // What the last text became; append() puts it into the batch.
    [[nodiscard]] const encoding& text() const { return text_; }
    [[nodiscard]] encoding& text() { return text_; }
    // Makes tokens of a text, or of a pair. Errors: not UTF-8; more tokens than longest(), unless they may be cut off;
    // none at all, where the tokenizer puts nothing around a text.
    status encode(std::string_view text, bool truncate) {
        return some(words_->encode(text, text_, {.most_tokens = longest(), .truncate = truncate}));
    }
    status encode(std::string_view first, std::string_view second, bool truncate) {
        return some(words_->encode(first, second, text_, {.most_tokens = longest(), .truncate = truncate}));
    }

    void clear() { ids_.clear(), segments_.clear(), each_.clear(); }
    [[nodiscard]] bool fits() const { return int(ids_.size()) + text_.size() <= most_; }
    void append() {
        ids_.insert(ids_.end(), text_.ids.begin(), text_.ids.end());
        segments_.insert(segments_.end(), text_.segments.begin(), text_.segments.end());
        each_.push_back(text_.size());
    }
    // A model of one segment is not told which text a token is of.
    [[nodiscard]] bert_inputs batch() const {
        if constexpr (segments_of<Model>() < 2) return {.ids = ids_, .each = each_};
        return {.ids = ids_, .segments = segments_, .each = each_};
    }

    // The memory, whole, for one forward.
    template <observer Watch = silent> [[nodiscard]] basic_workspace<Watch, Threads> workspace(Watch watch = {}) const {
        return basic_workspace<Watch, Threads>::over(memory_.bytes(), watch, threads_);
    }

  private:
    const Model* model_;
    const Words* words_;
    int most_;
    [[no_unique_address]] Threads threads_;
    aligned_memory memory_;
    std::vector<int> ids_, segments_, each_;
    encoding text_;

    [[nodiscard]] status some(const status& encoded) const {
        if (encoded && text_.size() == 0) return error("the text is empty; this tokenizer makes no token of it");
        return encoded;
    }
    // The batch that needs the most memory: as many tokens as fit, in sentences as long as the model takes.
    [[nodiscard]] lengths worst() const {
        lengths n(longest());
        n.tokens = most_, n.sentences = 1;
        return n;
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
