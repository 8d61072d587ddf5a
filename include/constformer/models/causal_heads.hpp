// Decoders' heads: labels of a text by a model that reads it from left to right.
#pragma once

#include "constformer/models/bert.hpp"
#include "constformer/models/causal.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// A label for each sentence, read off its last token, the one that has seen all of it: x C'. Reads what a BERT reads:
// a packed batch; where `keep` says that tokens are padding, they must be the last of their sentence. The body has no
// language model's head: .tied is true. (tokens) -> (sentences, labels)
// Transformers: GPT2ForSequenceClassification, LlamaForSequenceClassification, …
//     using judge = causal_sequence_classifier<llama<my_llama>, 3>;
template <causal Body, int Labels> struct causal_sequence_classifier {
    static_assert(Labels > 0, "causal_sequence_classifier: the number of labels must be positive");
    static_assert(
        !requires(const Body& b) { b.head.weight; },
        "causal_sequence_classifier: the body needs no head of its own, say .tied = true");
    Body body;
    linear<Body::width, Labels, false, Body::precision> score;

    static constexpr auto kind = head_kind::sequence_classifier;
    static constexpr const auto& config = Body::config;
    static constexpr element precision = Body::precision;
    static constexpr int width = Body::width, outputs = Labels;
    static constexpr name own_names[] = {{"body", "", {}, inner_names(Body::names.data(), Body::names.size())},
                                         {"score", "score"}};
    static constexpr std::span<const name> names{own_names};
    static constexpr std::span<const std::string_view> unused = Body::unused;

    // The cache is part of it: it holds a sentence at a time.
    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        return together(room(std::size_t(n.sentences), width),
                        either(together(Body::state::bytes(n.longest), room(std::size_t(n.longest), width),
                                        Body::hidden_scratch(n.longest, n.longest, threads)),
                               decltype(score)::scratch(n.sentences, threads)));
    }
    static constexpr double flops(lengths n) {
        return Body::flops(n) - 2.0 * n.tokens * width * Body::outputs + linear<width, Labels>::flops(n.sentences);
    }
    [[nodiscard]] status forward(const bert_inputs& in, rows<outputs> logits, workspace auto m) const {
        if (status ok = check_tokens(in.ids, in.each, Body::limits); !ok) return ok;
        if (!in.keep.empty() && in.keep.size() != in.ids.size())
            return error(Body::limits.who, ": a mask of ", in.keep.size(), " for ", in.ids.size(), " tokens");
        if (logits.count != in.sentences())
            return error(who, in.sentences(), " rows of logits, but room for ", logits.count);
        const lengths shape = in.shape();
        if (status ok = enough(m, scratch(shape, m.threads.size()), "causal_sequence_classifier"); !ok) return ok;
        rows<width> last = m.take(logits.count);
        if (status ok = read(in, shape.longest, last, m); !ok) return ok;
        m.watch.stage("head");
        score.forward(last, logits, m); // (sentences, width) -> (sentences, labels)
        return {};
    }

  private:
    static constexpr const char* who = "causal_sequence_classifier: ";

    // The hidden state of each sentence's last token. (tokens) -> (sentences, width)
    status read(const bert_inputs& in, int longest, rows<width> last, workspace auto m) const {
        auto past = Body::state::in(place(m, Body::state::bytes(longest)), longest);
        for (int s = 0, begin = 0; s < last.count; ++s) {
            const int n = in.each.empty() ? int(in.ids.size()) : in.each[std::size_t(s)];
            int kept = n;
            if (!in.keep.empty()) {
                const auto keep = in.keep.subspan(std::size_t(begin), std::size_t(n));
                kept = int(std::find(keep.begin(), keep.end(), 0) - keep.begin());
                if (kept == 0 || std::find(keep.begin() + kept, keep.end(), 1) != keep.end())
                    return error(who, "the mask of sentence ", s, " hides token ", kept,
                                 ", only what follows its last token may be hidden");
            }
            past.rewind(0);
            auto rest = m;
            rows<width> x = rest.take(kept);
            if (status ok = body.hidden(in.ids.subspan(std::size_t(begin), std::size_t(kept)), past, x, rest); !ok)
                return ok;
            std::copy_n(x[kept - 1], width, last[s]);
            begin += n;
        }
        return {};
    }
    // A workspace over the next `size` bytes of m.
    static auto place(auto& m, std::size_t size) {
        return basic_workspace<>::over({m.template bytes<std::byte>(size), size});
    }
};

} // namespace constformer::inline CONSTFORMER_ISA
