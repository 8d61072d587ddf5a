// XLNet's heads: what turns the last hidden state into words and labels.
#pragma once

#include "constformer/models/xlnet.hpp"

namespace constformer {

// Transformers' names.
inline constexpr name xlnet_lm_names[] = {{"body", "transformer", {}, xlnet_names}, {"bias", "lm_loss.bias"}};
inline constexpr name xlnet_sequence_names[] = {
    {"body", "transformer", {}, xlnet_names}, {"summary", "sequence_summary.summary"}, {"classifier", "logits_proj"}};

inline namespace CONSTFORMER_ISA {

// Words: x W' + b, W the token embedding. (tokens or targets) -> (…, vocabulary). Transformers: XLNetLMHeadModel.
template <const xlnet_config& c, element E = f32> struct xlnet_lm {
    xlnet<c, E> body;
    vector<c.vocabulary> bias;

    static constexpr const xlnet_config& config = c;
    static constexpr int width = c.width, outputs = c.vocabulary;
    static constexpr std::span<const name> names{xlnet_lm_names};
    static constexpr std::span<const std::string_view> unused{xlnet_unused};
    using state = typename xlnet<c, E>::state;

    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        return together(room(std::size_t(n.tokens), c.width), xlnet<c, E>::scratch(n, threads));
    }
    static constexpr std::size_t scratch(int tokens, int queries, int past, int threads = 1) {
        return together(room(std::size_t(queries > 0 ? queries : tokens), c.width),
                        xlnet<c, E>::scratch(tokens, queries, past, threads));
    }
    static constexpr double flops(lengths n) {
        return xlnet<c, E>::flops(n) + embedding<c.vocabulary, c.width>::logits_flops(n.tokens);
    }
    [[nodiscard]] status forward(const bert_inputs& in, rows<outputs> logits, workspace auto m) const {
        if (status ok = xlnet<c, E>::check(in); !ok) return ok;
        return predict(
            logits, int(in.ids.size()), scratch(in.shape(), m.threads.size()),
            [&](rows<c.width> x, auto rest) { return body.forward(in, x, rest); }, m);
    }
    [[nodiscard]] status forward(const xlnet_inputs& in, state& past, rows<outputs> logits, workspace auto m) const {
        const int n = int(in.text.ids.size()), queries = int(in.targets.size());
        return predict(
            logits, queries > 0 ? queries : n, scratch(n, queries, past.length(), m.threads.size()),
            [&](rows<c.width> x, auto rest) { return body.forward(in, past, x, rest); }, m);
    }

  private:
    status predict(rows<outputs> logits, int count, std::size_t needed, const auto& hidden, workspace auto m) const {
        if (logits.count != count) return error("xlnet_lm: ", count, " rows of logits, but room for ", logits.count);
        if (status ok = enough(m, needed, "xlnet_lm"); !ok) return ok;
        rows<c.width> x = m.take(logits.count);
        if (status ok = hidden(x, m); !ok) return ok;
        m.watch.stage("head");
        body.tokens.logits(x, bias, logits, m); // (n, width) -> (n, vocabulary)
        return {};
    }
};

// A label for each sentence, read off its last token, <cls>: tanh(P x + p) C' + b. (tokens) -> (sentences, labels)
// Transformers: XLNetForSequenceClassification.
template <const xlnet_config& c, element E = f32> struct xlnet_sequence_classifier {
    static_assert(c.labels > 0, "xlnet_sequence_classifier: .labels must be positive");
    xlnet<c, E> body;
    linear<c.width, c.width, true, E> summary;
    linear<c.width, c.labels, true, E> classifier;

    static constexpr const xlnet_config& config = c;
    static constexpr int width = c.width, outputs = c.labels;
    static constexpr std::span<const name> names{xlnet_sequence_names};
    static constexpr std::span<const std::string_view> unused{xlnet_unused};
    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        const auto sentences = std::size_t(n.sentences);
        return together(room(std::size_t(n.tokens), c.width), 2 * room(sentences, c.width),
                        either(xlnet<c, E>::scratch(n, threads), decltype(summary)::scratch(n.sentences, threads),
                               decltype(classifier)::scratch(n.sentences, threads)));
    }
    static constexpr double flops(lengths n) {
        return xlnet<c, E>::flops(n) + linear<c.width, c.width>::flops(n.sentences) +
               linear<c.width, c.labels>::flops(n.sentences);
    }
    [[nodiscard]] status forward(const bert_inputs& in, rows<outputs> logits, workspace auto m) const {
        if (status ok = xlnet<c, E>::check(in); !ok) return ok;
        if (logits.count != in.sentences())
            return error("xlnet_sequence_classifier: ", in.sentences(), " rows of logits, but room for ", logits.count);
        if (status ok = enough(m, scratch(in.shape(), m.threads.size()), "xlnet_sequence_classifier"); !ok) return ok;
        rows<c.width> x = m.take(int(in.ids.size())), last = m.take(in.sentences()), pooled = m.take(in.sentences());
        if (status ok = body.forward(in, x, m); !ok) return ok;
        m.watch.stage("pooling");
        ops::last(const_rows<c.width>(x), in.each, last); // (tokens, width) -> (sentences, width)
        summary.template forward<activation::tanh>(last, pooled, m);
        m.watch.stage("head");
        classifier.forward(pooled, logits, m); // (sentences, width) -> (sentences, labels)
        return {};
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
