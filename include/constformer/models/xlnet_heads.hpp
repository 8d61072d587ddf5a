// XLNet's heads: what turns the last hidden state into words and labels.
#pragma once

#include "constformer/models/xlnet.hpp"

namespace constformer {

// Transformers' names.
inline constexpr name xlnet_lm_names[] = {{"body", "transformer", {}, xlnet_names}, {"bias", "lm_loss.bias"}};
inline constexpr name xlnet_sequence_names[] = {
    {"body", "transformer", {}, xlnet_names}, {"summary", "sequence_summary.summary"}, {"classifier", "logits_proj"}};
inline constexpr name xlnet_token_names[] = {{"body", "transformer", {}, xlnet_names}, {"classifier", "classifier"}};
inline constexpr name xlnet_answer_names[] = {{"body", "transformer", {}, xlnet_names}, {"answer", "qa_outputs"}};

inline namespace CONSTFORMER_ISA {

// Words: x W' + b, W the token embedding. (tokens or targets) -> (…, vocabulary). Transformers: XLNetLMHeadModel.
template <const xlnet_config& c, element E = f32> struct xlnet_lm {
    xlnet<c, E> body;
    vector<c.vocabulary> bias;

    static constexpr auto kind = head_kind::masked_lm;
    static constexpr const xlnet_config& config = c;
    static constexpr int width = c.width, outputs = c.vocabulary;
    static constexpr std::span<const name> names{xlnet_lm_names};
    static constexpr std::span<const std::string_view> unused{xlnet_unused};
    using state = typename xlnet<c, E>::state;
    using words = embedding<c.vocabulary, c.width, words_of(E)>;

    // Of hidden() where every token is a mask, and of forward().
    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        const auto tokens = std::size_t(n.tokens);
        return either(
            together(2 * room(tokens, c.width), 2 * room<int>(tokens), xlnet<c, E>::scratch(n, threads, n.tokens)),
            forward_scratch(n.tokens, xlnet<c, E>::scratch(n, threads), threads));
    }
    static constexpr std::size_t scratch(int tokens, int queries, int past, int threads = 1) {
        return forward_scratch(queries > 0 ? queries : tokens, xlnet<c, E>::scratch(tokens, queries, past, threads),
                               threads);
    }
    // Of forward() of a packed batch, or where the body needs so much, with `rows` of logits.
    static constexpr std::size_t forward_scratch(int rows, std::size_t body, int threads = 1) {
        return together(room(std::size_t(rows), c.width), either(body, words::logits_scratch(rows, threads)));
    }
    static constexpr double flops(lengths n) { return xlnet<c, E>::flops(n) + words::logits_flops(n.tokens); }
    [[nodiscard]] status forward(const bert_inputs& in, rows<outputs> logits, workspace auto m) const {
        if (status ok = xlnet<c, E>::check(in); !ok) return ok;
        return read_words(
            logits, int(in.ids.size()),
            forward_scratch(int(in.ids.size()), xlnet<c, E>::scratch(in.shape(), m.threads.size()), m.threads.size()),
            [&](rows<c.width> x, auto rest) { return body.forward(in, x, rest); }, m);
    }
    [[nodiscard]] status forward(const xlnet_inputs& in, state& past, rows<outputs> logits, workspace auto m) const {
        const int n = int(in.text.ids.size()), queries = int(in.targets.size());
        return read_words(
            logits, queries > 0 ? queries : n, scratch(n, queries, past.length(), m.threads.size()),
            [&](rows<c.width> x, auto rest) { return body.forward(in, past, x, rest); }, m);
    }
    // The two steps of a cloze, for fill_mask: the last hidden state, (tokens) -> (tokens, width), where c.mask stands
    // that of the query stream, which sees all words but those to be found; and the words of some of them.
    [[nodiscard]] status hidden(const bert_inputs& in, rows<c.width> x, workspace auto m) const {
        if (status ok = xlnet<c, E>::check(in); !ok) return ok;
        if (x.count != int(in.ids.size())) return error("xlnet_lm: ", in.ids.size(), " tokens, but room for ", x.count);
        if (std::find(in.ids.begin(), in.ids.end(), c.mask) == in.ids.end()) return body.forward(in, x, m);
        const auto n = in.ids.size();
        const std::size_t more = together(room(n, c.width), 2 * room<int>(n));
        if (status ok = enough(m, more, "xlnet_lm"); !ok) return ok;
        int *const keep = m.template bytes<int>(room<int>(n)), *const targets = m.template bytes<int>(room<int>(n));
        int count = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const bool masked = in.ids[i] == c.mask;
            keep[i] = !masked && (in.keep.empty() || in.keep[i] != 0);
            if (masked) targets[count++] = int(i);
        }
        rows<c.width> g = m.take(count);
        xlnet_inputs all{.text = in, .targets = {targets, std::size_t(count)}};
        all.text.keep = {keep, n};
        if (status ok = body.streams(all, x, g, m); !ok) return ok;
        for (int i = 0; i < count; ++i) std::copy_n(g[i], c.width, x[targets[i]]);
        return {};
    }
    void predict(const_rows<c.width> x, rows<outputs> logits, workspace auto m) const {
        m.watch.stage("head");
        body.tokens.logits(x, bias, logits, m); // (n, width) -> (n, vocabulary)
    }

  private:
    status read_words(rows<outputs> logits, int count, std::size_t needed, const auto& hidden, workspace auto m) const {
        if (logits.count != count) return error("xlnet_lm: ", count, " rows of logits, but room for ", logits.count);
        if (status ok = enough(m, needed, "xlnet_lm"); !ok) return ok;
        rows<c.width> x = m.take(logits.count);
        if (status ok = hidden(x, m); !ok) return ok;
        predict(x, logits, m);
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

    static constexpr auto kind = head_kind::sequence_classifier;
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

// A linear map of every token of the body's output: what the two heads below share.
template <const xlnet_config& c, element E, int Outputs>
[[nodiscard]] status xlnet_each_token(const char* who, const xlnet<c, E>& body,
                                      const linear<c.width, Outputs, true, E>& head, const bert_inputs& in,
                                      rows<Outputs> logits, std::size_t needed, workspace auto m) {
    if (logits.count != int(in.ids.size()))
        return error(who, ": ", in.ids.size(), " rows of logits, but room for ", logits.count);
    if (status ok = enough(m, needed, who); !ok) return ok;
    rows<c.width> x = m.take(logits.count);
    if (status ok = body.forward(in, x, m); !ok) return ok;
    m.watch.stage("head");
    head.forward(x, logits, m); // (tokens, width) -> (tokens, outputs)
    return {};
}

// A tag for each token: x C' + b. (tokens) -> (tokens, labels)
// Transformers: XLNetForTokenClassification.
template <const xlnet_config& c, element E = f32> struct xlnet_token_classifier {
    static_assert(c.labels > 0, "xlnet_token_classifier: .labels must be positive");
    xlnet<c, E> body;
    linear<c.width, c.labels, true, E> classifier;

    static constexpr auto kind = head_kind::token_classifier;
    static constexpr const xlnet_config& config = c;
    static constexpr int width = c.width, outputs = c.labels;
    static constexpr std::span<const name> names{xlnet_token_names};
    static constexpr std::span<const std::string_view> unused{xlnet_unused};
    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        return together(room(std::size_t(n.tokens), c.width),
                        either(xlnet<c, E>::scratch(n, threads), decltype(classifier)::scratch(n.tokens, threads)));
    }
    static constexpr double flops(lengths n) {
        return xlnet<c, E>::flops(n) + linear<c.width, c.labels>::flops(n.tokens);
    }
    [[nodiscard]] status forward(const bert_inputs& in, rows<outputs> logits, workspace auto m) const {
        if (status ok = xlnet<c, E>::check(in); !ok) return ok;
        return xlnet_each_token("xlnet_token_classifier", body, classifier, in, logits,
                                scratch(in.shape(), m.threads.size()), m);
    }
};

// Where an answer begins and ends: x Q' + b, column 0 the start, column 1 the end. (tokens) -> (tokens, 2)
// Transformers: XLNetForQuestionAnsweringSimple.
template <const xlnet_config& c, element E = f32> struct xlnet_question_answerer {
    xlnet<c, E> body;
    linear<c.width, 2, true, E> answer;

    static constexpr auto kind = head_kind::question_answerer;
    static constexpr const xlnet_config& config = c;
    static constexpr int width = c.width, outputs = 2;
    static constexpr std::span<const name> names{xlnet_answer_names};
    static constexpr std::span<const std::string_view> unused{xlnet_unused};
    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        return together(room(std::size_t(n.tokens), c.width),
                        either(xlnet<c, E>::scratch(n, threads), decltype(answer)::scratch(n.tokens, threads)));
    }
    static constexpr double flops(lengths n) { return xlnet<c, E>::flops(n) + linear<c.width, 2>::flops(n.tokens); }
    [[nodiscard]] status forward(const bert_inputs& in, rows<outputs> logits, workspace auto m) const {
        if (status ok = xlnet<c, E>::check(in); !ok) return ok;
        return xlnet_each_token("xlnet_question_answerer", body, answer, in, logits,
                                scratch(in.shape(), m.threads.size()), m);
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
