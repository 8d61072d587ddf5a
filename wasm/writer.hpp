// writer: tasks/generate.hpp turned inside out, for a host that asks for one token after another and may stop between
// any two: begin(prompt), read() until all of it is read, step() until the text ends. Its memory is the caller's, and
// what it allocates itself is taken when it is made.
#pragma once

#include "constformer/generate/prefill.hpp"
#include "constformer/generate/sampling.hpp"
#include "constformer/generate/stop.hpp"
#include "constformer/tasks/tokenizer.hpp"
#include "constformer/text/token_stream.hpp"

#include <optional>

namespace constformer {

// Why a text ended.
enum class ending { none, end, stop, length, full };

inline namespace CONSTFORMER_ISA {

template <class Model, tokenizer Words, class Threads> class writer {
  public:
    static constexpr int most_in_block = 64; // tokens of a prompt that are read at a time
    static constexpr int block(int context) { return std::min(most_in_block, context); }
    static constexpr std::size_t scratch(int context, int threads) {
        return prefill_scratch<Model>(block(context), context, threads);
    }

    // `cache` of Model::state::bytes(context) bytes, `memory` of scratch(); `logits` of one row.
    writer(const Model& model, const Words& words, int context, std::span<const int> ends, std::span<std::byte> cache,
           std::span<std::byte> memory, float* logits, Threads threads)
        : model_(&model), words_(&words), context_(context), ends_(ends), memory_(memory), threads_(threads),
          past_(Model::state::in(basic_workspace<>::over(cache), context)),
          logits_(logits, std::size_t(Model::outputs)), draw_({}, Model::outputs) {
        ids_.reserve(std::size_t(context) + 1);
    }
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

    // A new text: how many tokens of its prompt need not be read again. Errors: a prompt that is empty or longer than
    // the context; options outside of their range.
    [[nodiscard]] expected<int> begin(std::span<const int> prompt, const sampling_options& options, int most_new,
                                      std::span<const std::string> stops) {
        goes_on_ = false;
        if (status ok = check(options); !ok) return ok.error();
        if (most_new < 1) return error("generate: ", most_new, " new tokens, at least 1 is needed");
        if (prompt.empty()) return error("generate: the prompt is empty; it needs at least one token");
        if (prompt.size() > std::size_t(context_))
            return error("generate: a prompt of ", prompt.size(), " tokens, the context has room for ", context_);
        const int reused = shared_beginning({ids_.data(), std::size_t(past_.length())}, prompt);
        past_.rewind(reused);
        ids_.assign(prompt.begin(), prompt.end());
        draw_.restart(options);
        stream_.emplace(*words_, stream_options{.continues = true});
        stop_ = stop_strings(stops);
        most_new_ = most_new, made_ = 0, goes_on_ = true, why_ = ending::none;
        return reused;
    }
    // Reads some of the prompt: how many tokens of it are left.
    [[nodiscard]] expected<int> read() {
        const int n = int(ids_.size()), left = n - past_.length();
        if (!goes_on_ || made_ > 0) return error("generate: there is no prompt to be read");
        const int count = std::min(left, block(context_));
        if (status ok = forward(past_.length(), count, count == left); !ok) return ok.error();
        return left - count;
    }
    // One token more. text() is what can be shown now, and why() says whether, and why, it was the last one.
    [[nodiscard]] status step() {
        shown_.clear();
        if (!goes_on_) return error("generate: no text has begun");
        const int n = int(ids_.size());
        while (past_.length() < n) { // the last token; or what read() was not called for
            const int left = n - past_.length(), count = std::min(left, block(context_));
            if (status ok = forward(past_.length(), count, count == left); !ok) return stop_by(ok);
        }
        const auto token = draw_.next(logits_, ids_);
        if (!token) return stop_by(token.error());
        ++made_;
        ids_.push_back(*token);
        const bool ended = std::find(ends_.begin(), ends_.end(), *token) != ends_.end();
        if (!ended) shown_ += stop_.push(stream_->push(*token));
        why_ = ended                         ? ending::end
               : stop_.stopped()             ? ending::stop
               : made_ == most_new_          ? ending::length
               : int(ids_.size()) > context_ ? ending::full
                                             : ending::none;
        if (why_ != ending::none) {
            goes_on_ = false;
            shown_ += stop_.push(stream_->finish());
            shown_ += stop_.finish();
        }
        return {};
    }
    [[nodiscard]] std::string_view text() const { return shown_; }
    [[nodiscard]] ending why() const { return why_; }
    // Forgets what the cache holds.
    void reset() {
        past_.rewind(0);
        ids_.clear();
        goes_on_ = false;
    }

  private:
    const Model* model_;
    const Words* words_;
    int context_, most_new_ = 0, made_ = 0;
    std::span<const int> ends_;
    std::span<std::byte> memory_;
    [[no_unique_address]] Threads threads_;
    typename Model::state past_;
    std::span<float> logits_;
    sampler draw_;
    std::optional<token_stream<Words>> stream_;
    stop_strings stop_;
    std::vector<int> ids_; // of the text, of which the cache holds the first past_.length()
    std::string shown_;
    bool goes_on_ = false;
    ending why_ = ending::none;

    status forward(int first, int count, bool last) {
        const auto m = basic_workspace<silent, Threads>::over(memory_, {}, threads_);
        return model_->forward(std::span<const int>(ids_).subspan(std::size_t(first), std::size_t(count)), past_,
                               {logits_.data(), last ? 1 : 0}, m);
    }
    status stop_by(const status& why) {
        goes_on_ = false;
        return why;
    }
};

} // namespace CONSTFORMER_ISA
} // namespace constformer
