// fill_mask: which words a text's [MASK] may stand for.
#pragma once

#include "constformer/models/bert_heads.hpp"
#include "constformer/tasks/engine.hpp"
#include "constformer/tasks/search.hpp"

namespace constformer {

struct filling {
    int token;
    std::string_view text; // the token's; lives as long as the tokenizer, or until the next call
    float score;           // its probability
};

inline namespace CONSTFORMER_ISA {

// Fills masks with a bert_masked_lm. Model and tokenizer must outlive this.
//     mask_filler model(*weights, *words, 256);
//     auto words = model.fill("Paris is the [MASK] of France.", 5);
template <class Model, class Threads = sequential, tokenizer Words = wordpiece> class mask_filler {
  public:
    // `most_tokens`: the most tokens of a text, special ones included.
    mask_filler(const Model& model, const Words& words, int most_tokens, text_options options = {},
                Threads threads = {})
        : engine_(model, words, most_tokens, room(1, Model::outputs), threads), options_(options) {}

    // The `top` most probable tokens of the first mask, best first, then those of the second, and so on; valid until
    // the next call. Errors: text that is not UTF-8, has too many tokens, or no mask; top < 1.
    // PyTorch equivalent: transformers.pipeline("fill-mask", top_k=top).
    template <observer Watch = silent>
    expected<std::span<const filling>> fill(std::string_view text, int top, Watch watch = {}) {
        if (top < 1) return error("fill_mask: the ", top, " best were asked for, at least 1 is needed");
        watch.stage("tokens");
        if (status ok = engine_.encode(text, options_.truncate); !ok) return ok.error();
        engine_.clear(), engine_.append();
        const encoding& tokens = engine_.text();
        const int mask = mask_of(engine_.words());
        if (mask < 0) return error("fill_mask: the tokenizer has no token for a mask");
        if (std::find(tokens.ids.begin(), tokens.ids.end(), mask) == tokens.ids.end())
            return error("fill_mask: the text has no ", engine_.words().token(mask), ", at least one is needed");

        const Model& model = engine_.model();
        auto m = engine_.workspace(watch);
        rows<Model::outputs> y = m.take(1);
        rows<Model::width> x = m.take(tokens.size());
        if (status ok = model.hidden(engine_.batch(), x, m); !ok) return ok.error();
        watch.stage("head");
        best_.resize(std::size_t(std::min(top, Model::outputs)));
        found_.clear(), shown_.clear();
        for (int i = 0; i < tokens.size(); ++i) {
            if (tokens.ids[std::size_t(i)] != mask) continue;
            model.predict(x.part(i, 1), y, m); // for all tokens it would cost more than the body does
            if (status ok = numbers({y[0], std::size_t(Model::outputs)}, "fill_mask"); !ok) return ok.error();
            ops::softmax(y[0], Model::outputs);
            int count = 0;
            for (int token = 0; token < Model::outputs; ++token)
                constformer::detail::keep_best({token, y[0][token]}, best_, count);
            for (const hit& h : std::span(best_).first(std::size_t(count)))
                found_.push_back({h.index, shown_.text(engine_.words(), h.index), h.score});
        }
        return std::span<const filling>(found_);
    }
    // The tokens of the last text: their ids, and where the masks are among them.
    [[nodiscard]] const encoding& last() const { return engine_.text(); }
    // All memory of the forwards.
    [[nodiscard]] std::size_t bytes() const { return engine_.bytes(); }

  private:
    engine<Model, Threads, Words> engine_;
    text_options options_;
    std::vector<hit> best_;
    std::vector<filling> found_;
    shown_tokens<Words> shown_;
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
