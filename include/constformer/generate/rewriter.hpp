// rewriter: what an encoder-decoder writes of a source, a token of each text at a time, for a caller that may stop
// between any two: begin(source, options), then step() while it goes_on(); found() are the texts.
#pragma once

#include "constformer/core/workspace.hpp"
#include "constformer/generate/allow.hpp"
#include "constformer/generate/beam.hpp"
#include "constformer/models/seq2seq.hpp"

#include <algorithm>
#include <optional>

namespace constformer::inline CONSTFORMER_ISA {

// Transformers: model.generate(do_sample=False, num_beams=…). The model, the memory and what `rules` names must outlive
// this. Beams have a row of state each; all rows see the source that the first one reads.
template <class Model, class Threads = sequential> class rewriter {
  public:
    static constexpr int outputs = Model::outputs;
    using state = typename Model::state;

    // For sources of `source` tokens, and texts of `words`, the one that begins them included.
    static constexpr std::size_t bytes(int source, int words, int beams, int threads = 1) {
        return together(state::bytes(words, source), std::size_t(beams - 1) * state::row_bytes(words),
                        room(std::size_t(beams), outputs), scratch(source, words, threads));
    }

    // `memory`: bytes() of it. What is allocated beside it depends on the numbers of beams and words alone.
    rewriter(const Model& model, const writing& rules, int source, int words, int beams, std::span<std::byte> memory,
             Threads threads = {})
        : model_(&model), rules_(rules), most_source_(source), most_(words), threads_(threads),
          slot_(std::size_t(beams)), next_slot_(slot_), taken_(slot_.size()), texts_(slot_.size()),
          next_texts_(slot_.size()) {
        auto m = basic_workspace<>::over(memory);
        const auto part = [&](std::size_t size) {
            return basic_workspace<>::over({m.template bytes<std::byte>(size), size});
        };
        rows_.reserve(slot_.size());
        rows_.push_back(state::in(part(state::bytes(words, source)), words, source));
        for (int i = 1; i < beams; ++i) rows_.push_back(state::row(part(state::row_bytes(words)), words, rows_[0]));
        const rows<outputs> logits = m.take(beams);
        logits_ = logits.data;
        const std::size_t rest = scratch(source, words, threads.size());
        scratch_ = {m.template bytes<std::byte>(rest), rest};
        for (auto* texts : {&texts_, &next_texts_})
            for (auto& text : *texts) text.reserve(std::size_t(words));
    }

    // The most tokens of a source, those of a text (the one that begins it not included), and the most beams.
    [[nodiscard]] int most_tokens() const { return most_source_; }
    [[nodiscard]] int most_new() const { return most_ - 1; }
    [[nodiscard]] int most_beams() const { return int(rows_.size()); }

    // Reads a source; more new tokens than there is room for are as many as there is. Errors: options out of their
    // range, more beams or tokens than there is room for, no tokens.
    [[nodiscard]] status begin(std::span<const int> source, beam_options options) {
        goes_on_ = false;
        found_.clear();
        if (status ok = check(options); !ok) return ok;
        if (options.beams > most_beams())
            return error("beams: ", options.beams, " beams, there is room for ", most_beams());
        if (int(source.size()) > most_source_)
            return error("translate: ", source.size(), " tokens, at most ", most_source_, " fit");
        options_ = options;
        options_.most_new = std::min(options.most_new, most_new());
        auto m = workspace();
        rows<Model::width> x = m.take(int(source.size()));
        if (status ok = model_->encode(source, {}, x, m); !ok) return ok;
        if (status ok = model_->begin(x, rows_[0], m); !ok) return ok;
        for (auto& row : rows_) { // rows of a beam see the source that the first one read
            for (std::size_t l = 0; l < row.layers.size(); ++l) row.layers[l].cross.length = rows_[0].source();
            row.rewind(0);
        }
        texts_[0].assign(1, rules_.start);
        slot_[0] = 0, live_ = 1;
        if (options_.beams > 1) search_.emplace(options_, outputs, rules_.ends, true);
        goes_on_ = true;
        return {};
    }
    [[nodiscard]] bool goes_on() const { return goes_on_; }

    // One token more of every text. Errors: no text has begun; scores that are not numbers.
    [[nodiscard]] status step() {
        if (!goes_on_) return error("translate: no text has begun");
        goes_on_ = false; // after an error nothing does
        for (int i = 0; i < live_; ++i)
            if (status ok = score(i, {logits_ + std::ptrdiff_t(i) * outputs, std::size_t(outputs)}); !ok) return ok;
        if (options_.beams == 1) {
            auto& text = texts_[0];
            text.push_back(best_token({logits_, std::size_t(outputs)}));
            goes_on_ = int(text.size()) <= options_.most_new && !ends(text.back());
            if (!goes_on_) found_.push_back({{text.begin() + 1, text.end()}, 0});
        } else {
            if (status ok = search_->advance({logits_, std::size_t(live_) * std::size_t(outputs)}); !ok) return ok;
            goes_on_ = !search_->done();
            if (goes_on_)
                fork(search_->tokens(), search_->parents());
            else
                found_ = search_->texts();
        }
        return {};
    }
    // The text so far, the token that begins it not included; of beams, the likeliest now.
    [[nodiscard]] std::span<const int> text() const { return std::span<const int>(texts_[0]).subspan(1); }
    // The best texts, best first, once nothing goes on. Greedy: one, whose score is 0.
    [[nodiscard]] std::span<const beam_text> found() const { return found_; }
    // Does this token end a text?
    [[nodiscard]] bool ends(int token) const {
        return std::find(rules_.ends.begin(), rules_.ends.end(), token) != rules_.ends.end();
    }

  private:
    const Model* model_;
    writing rules_;
    int most_source_, most_, live_ = 0; // beams
    [[no_unique_address]] Threads threads_;
    beam_options options_;
    std::vector<state> rows_;
    std::vector<int> slot_, next_slot_; // of each beam: its row
    std::vector<char> taken_;           // rows
    std::vector<std::vector<int>> texts_, next_texts_;
    float* logits_ = nullptr; // (beams, outputs)
    std::span<std::byte> scratch_;
    std::optional<beam_search> search_;
    std::vector<beam_text> found_;
    bool goes_on_ = false;

    static constexpr std::size_t scratch(int source, int words, int threads) {
        return together(room(std::size_t(source), Model::width),
                        either(Model::encode_scratch(source, threads), Model::begin_scratch(source, threads),
                               Model::decode_scratch(1, words, source, threads)));
    }
    [[nodiscard]] auto workspace() const { return basic_workspace<silent, Threads>::over(scratch_, {}, threads_); }

    // The next token of beam i, (outputs): logits, or of several beams logarithms of probabilities. What may not come
    // is out of reach.
    [[nodiscard]] status score(int i, std::span<float> row) {
        const auto beam = std::size_t(i);
        if (status ok = model_->decode(std::span(texts_[beam]).last(1), {}, rows_[std::size_t(slot_[beam])],
                                       {row.data(), 1}, workspace());
            !ok)
            return ok;
        if (status ok = check_logits(row, "translate"); !ok) return ok;
        if (options_.beams > 1) {
            const float sum = ops::log_sum(row.data(), outputs);
            for (float& v : row) v -= sum;
        }
        allow(rules_, 1 + options_.most_new, texts_[beam], row);
        return {};
    }
    // The first beam that goes on from a row has it; the others copy it to rows that nobody goes on from.
    void fork(std::span<const int> tokens, std::span<const int> parents) {
        std::fill(taken_.begin(), taken_.end(), 0);
        for (std::size_t i = 0; i < parents.size(); ++i) {
            const auto parent = std::size_t(parents[i]), from = std::size_t(slot_[parent]);
            next_texts_[i] = texts_[parent];
            next_texts_[i].push_back(tokens[i]);
            next_slot_[i] = taken_[from] ? -1 : slot_[parent];
            taken_[from] = 1;
        }
        for (std::size_t i = 0, free = 0; i < parents.size(); ++i) {
            if (next_slot_[i] >= 0) continue;
            while (taken_[free]) ++free;
            rows_[free].copy_words(rows_[std::size_t(slot_[std::size_t(parents[i])])]);
            taken_[free] = 1;
            next_slot_[i] = int(free);
        }
        slot_.swap(next_slot_), texts_.swap(next_texts_);
        live_ = int(tokens.size());
    }
};

} // namespace constformer::inline CONSTFORMER_ISA
