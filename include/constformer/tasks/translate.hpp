// translate: what an encoder-decoder makes of a text: a translation, a summary, whatever it was trained to write.
#pragma once

#include "constformer/generate/allow.hpp"
#include "constformer/generate/beam.hpp"
#include "constformer/models/seq2seq.hpp"
#include "constformer/ops/log_sum.hpp"
#include "constformer/tasks/engine.hpp"

#include <string>

namespace constformer {

struct translate_options {
    bool truncate = false; // cut texts of more tokens than fit, instead of refusing them
    int beams = 1;         // texts that are kept side by side; 1: greedy
    int best = 1;          // texts that are returned, at most `beams`
};

// A text that was written.
struct written {
    std::string text;
    std::vector<int> ids; // what it was made of, the token that ended it included
    float score;          // of beams: the logarithm of its probability / length^length_penalty; greedy: 0
};

inline namespace CONSTFORMER_ISA {

// Writes texts with a t5 or a transformer. Model, tokenizer and what `rules` names must outlive this.
//     translator model(*weights, *words, rules, 128, 128);
//     auto found = model.translate("a text"); // (*found)[0].text
template <class Model, class Threads = sequential, tokenizer Words = unigram> class translator {
  public:
    static constexpr int outputs = Model::outputs;

    // most_tokens: of a source, special ones included; most_new: of a text, the token that begins it not included.
    translator(const Model& model, const Words& words, const writing& rules, int most_tokens, int most_new,
               translate_options options = {}, Threads threads = {})
        : model_(&model), words_(&words), rules_(rules), options_(options),
          most_source_(std::min(std::max(most_tokens, 1), Model::limits.positions)),
          most_(1 + std::min(std::max(most_new, 1), Model::limits.positions - 1)), threads_(threads),
          states_(Model::state::bytes(most_, most_source_) +
                  std::size_t(std::max(options.beams, 1) - 1) * Model::state::row_bytes(most_)),
          scratch_(room(std::size_t(most_source_), Model::width) +
                   either(Model::encode_scratch(most_source_, threads.size()),
                          Model::begin_scratch(most_source_, threads.size()),
                          Model::decode_scratch(1, most_, most_source_, threads.size()))),
          logits_(std::size_t(outputs)) {
        auto m = basic_workspace<>::over(states_.bytes());
        const auto part = [&](std::size_t size) {
            return basic_workspace<>::over({m.template bytes<std::byte>(size), size});
        };
        rows_.push_back(Model::state::in(part(Model::state::bytes(most_, most_source_)), most_, most_source_));
        for (int i = 1; i < options.beams; ++i)
            rows_.push_back(Model::state::row(part(Model::state::row_bytes(most_)), most_, rows_[0]));
    }

    // The best texts, best first. Errors: text that is not UTF-8 or has too many tokens, scores that are not numbers,
    // options out of their range. Transformers: model.generate(do_sample=False, num_beams=…), then decode.
    expected<std::span<const written>> translate(std::string_view text) {
        if (status ok = words_->encode(text, text_, {.most_tokens = most_source_, .truncate = options_.truncate}); !ok)
            return ok.error();
        return write(text_.ids);
    }
    // The same of the tokens of a source.
    expected<std::span<const written>> write(std::span<const int> ids) {
        found_.clear();
        if (status ok = read(ids); !ok) return ok.error();
        if (options_.beams == 1) {
            if (status ok = best_words(); !ok) return ok.error();
        } else {
            beams source{*this};
            const auto texts = search_beams(source,
                                            {.beams = options_.beams,
                                             .best = options_.best,
                                             .most_new = most_ - 1,
                                             .length_penalty = rules_.length_penalty,
                                             .end = rules_.early ? beam_end::full : beam_end::likely},
                                            rules_.ends);
            if (!texts) return texts.error();
            for (const beam_text& one : *texts) found_.push_back({{}, one.ids, one.score});
        }
        for (written& one : found_) one.text = shown(one.ids);
        return std::span<const written>(found_);
    }
    // All memory of the states and the forwards.
    [[nodiscard]] std::size_t bytes() const { return states_.bytes().size() + scratch_.bytes().size(); }
    // The most tokens of a source and of a text.
    [[nodiscard]] int most_tokens() const { return most_source_; }
    [[nodiscard]] int most_new() const { return most_ - 1; }

  private:
    const Model* model_;
    const Words* words_;
    writing rules_;
    translate_options options_;
    int most_source_, most_;
    [[no_unique_address]] Threads threads_;
    aligned_memory states_, scratch_;
    std::vector<float> logits_;
    std::vector<typename Model::state> rows_; // of the beams; the first reads the source
    encoding text_;
    std::vector<written> found_;

    // The source, into every layer's memory.
    status read(std::span<const int> ids) {
        if (int(ids.size()) > most_source_)
            return error("translate: ", ids.size(), " tokens, at most ", most_source_, " fit");
        auto m = basic_workspace<silent, Threads>::over(scratch_.bytes(), {}, threads_);
        rows<Model::width> x = m.take(int(ids.size()));
        if (status ok = model_->encode(ids, {}, x, m); !ok) return ok;
        if (status ok = model_->begin(x, rows_[0], m); !ok) return ok;
        for (auto& row : rows_) { // rows of a beam see the source that the first one read
            for (std::size_t l = 0; l < row.layers.size(); ++l) row.layers[l].cross.length = rows_[0].source();
            row.rewind(0);
        }
        return {};
    }
    status decode(int token, typename Model::state& past, std::span<float> logits) {
        const auto m = basic_workspace<silent, Threads>::over(scratch_.bytes(), {}, threads_);
        if (status ok = model_->decode(std::span(&token, 1), {}, past, {logits.data(), 1}, m); !ok) return ok;
        return check_logits(logits, "translate");
    }
    // Greedy: the best word, again and again.
    status best_words() {
        std::vector<int> text{rules_.start};
        while (int(text.size()) < most_) {
            if (status ok = decode(text.back(), rows_[0], logits_); !ok) return ok;
            allow(rules_, most_, text, logits_);
            text.push_back(best_token(logits_));
            if (std::find(rules_.ends.begin(), rules_.ends.end(), text.back()) != rules_.ends.end()) break;
        }
        text.erase(text.begin());
        found_.push_back({{}, std::move(text), 0});
        return {};
    }
    [[nodiscard]] std::string shown(std::span<const int> ids) const {
        if constexpr (requires { words_->decode(ids); })
            return words_->decode(ids);
        else {
            std::string text;
            for (const int id : ids) (text += text.empty() ? "" : " ") += words_->token(id);
            return text;
        }
    }

    // A beam_source: a row of state a beam. Scores are logarithms of probabilities, of which some are out of reach.
    struct beams {
        static constexpr bool normalized = true;
        translator& all;
        std::vector<int> slot = std::vector<int>(all.rows_.size()), next_slot = slot;
        std::vector<std::vector<int>> texts = std::vector<std::vector<int>>(all.rows_.size()), next_texts = texts;

        [[nodiscard]] int vocabulary() const { return outputs; }
        [[nodiscard]] int most_new() const { return all.most_ - 1; }
        status score(std::size_t beam, std::span<float> row) {
            if (status ok = all.decode(texts[beam].back(), all.rows_[std::size_t(slot[beam])], row); !ok) return ok;
            const float sum = ops::log_sum(row.data(), outputs);
            for (float& v : row) v -= sum;
            allow(all.rules_, all.most_, texts[beam], row);
            return {};
        }
        status first(std::span<float> logits) {
            texts[0] = {all.rules_.start};
            return score(0, logits);
        }
        status next(std::span<const int> tokens, std::span<const int> parents, std::span<float> logits) {
            // The first beam that goes on from a row has it; the others copy it to rows that nobody goes on from.
            std::vector<bool> taken(slot.size());
            for (std::size_t i = 0; i < parents.size(); ++i) {
                const auto parent = std::size_t(parents[i]);
                next_texts[i] = texts[parent];
                next_texts[i].push_back(tokens[i]);
                next_slot[i] = taken[std::size_t(slot[parent])] ? -1 : slot[parent];
                taken[std::size_t(slot[parent])] = true;
            }
            for (std::size_t i = 0, free = 0; i < parents.size(); ++i) {
                if (next_slot[i] >= 0) continue;
                while (taken[free]) ++free;
                all.rows_[free].copy_words(all.rows_[std::size_t(slot[std::size_t(parents[i])])]);
                taken[free] = true;
                next_slot[i] = int(free);
            }
            slot.swap(next_slot), texts.swap(next_texts);
            for (std::size_t i = 0; i < tokens.size(); ++i)
                if (status ok = score(i, logits.subspan(i * std::size_t(outputs), std::size_t(outputs))); !ok)
                    return ok;
            return {};
        }
    };
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
