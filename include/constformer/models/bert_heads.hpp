// BERT's heads: what turns the last hidden state into words, labels, tags and answers.
#pragma once

#include "constformer/models/bert.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// What a head checks before it takes memory: the batch, room for `needed` rows of logits, and the workspace.
template <class Head>
[[nodiscard]] status check_head(const char* who, const bert_inputs& in, int needed, int found,
                                const workspace auto& m) {
    if (status ok = decltype(Head::body)::check(in); !ok) return ok;
    if (found != needed) return error(who, ": ", needed, " rows of logits, but room for ", found);
    return enough(m, Head::scratch(in.shape(), m.threads.size()), who);
}

// Words for masked tokens: norm(A(x T' + t)) D' + b, D the token embedding where tied. (tokens) -> (tokens, vocabulary)
// Transformers: BertForMaskedLM.
template <const bert_config& c, element E = f32> struct bert_masked_lm {
    bert<c, E, false> body;
    linear<c.width, c.embedding, true, E> transform;
    layer_norm<c.embedding, c.epsilon> transform_norm;
    [[no_unique_address]] when<!c.tied, linear<c.embedding, c.vocabulary, false, E>> decoder;
    vector<c.vocabulary> bias;

    using words = decltype(bert_embeddings<c, E>::tokens);
    static constexpr auto kind = head_kind::masked_lm;
    static constexpr const bert_config& config = c;
    static constexpr int width = c.width, outputs = c.vocabulary;
    static constexpr std::span<const name> names{c.family->masked_lm};
    static constexpr std::span<const std::string_view> unused{c.family->unused};
    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        const std::size_t x = room(std::size_t(n.tokens), c.width), h = room(std::size_t(n.tokens), c.embedding),
                          once = either(ops::prepare_room<E>(n.tokens, c.width, threads),
                                        c.tied ? words::logits_scratch(n.tokens, threads)
                                               : ops::prepare_room<E>(n.tokens, c.embedding, threads));
        return together(x, either(bert<c, E, false>::scratch(n, threads), together(h, once)));
    }
    static constexpr double flops(lengths n) {
        return bert<c, E, false>::flops(n) + linear<c.width, c.embedding>::flops(n.tokens) +
               linear<c.embedding, c.vocabulary>::flops(n.tokens);
    }
    [[nodiscard]] status forward(const bert_inputs& in, rows<outputs> logits, workspace auto m) const {
        if (status ok = check_head<bert_masked_lm>("bert_masked_lm", in, int(in.ids.size()), logits.count, m); !ok)
            return ok;
        rows<c.width> x = m.take(int(in.ids.size()));
        if (status ok = hidden(in, x, m); !ok) return ok;
        m.watch.stage("head");
        predict(x, logits, m);
        return {};
    }
    // The two steps of forward, for who needs the words of a few tokens alone.
    // The last hidden state, (tokens) -> (tokens, width).
    [[nodiscard]] status hidden(const bert_inputs& in, rows<c.width> x, workspace auto m) const {
        return body.forward(in, x, m);
    }
    // (tokens, width) -> (tokens, vocabulary), in memory for (tokens, embedding).
    void predict(const_rows<c.width> x, rows<outputs> logits, workspace auto m) const {
        rows<c.embedding> h = m.take(x.count);
        transform.template forward<c.predict>(x, h, m); // (tokens, width) -> (tokens, embedding)
        transform_norm.forward(h, h, m);
        if constexpr (c.tied)
            body.embeddings.tokens.logits(h, bias, logits, m); // (tokens, embedding) -> (tokens, vocabulary)
        else
            ops::multiply(decoder.weight, bias, ops::prepare<E>(h, m), logits, m);
    }
};

// A label for each sentence: tanh(P x₀ + p) C' + b. (tokens) -> (sentences, labels)
// Transformers: BertForSequenceClassification.
template <const bert_config& c, element E = f32> struct bert_sequence_classifier {
    static_assert(c.labels > 0, "bert_sequence_classifier: .labels must be positive");
    bert<c, E, true> body;
    linear<c.width, c.labels, true, E> classifier;

    static constexpr auto kind = head_kind::sequence_classifier;
    static constexpr const bert_config& config = c;
    static constexpr int width = c.width, outputs = c.labels;
    static constexpr std::span<const name> names{c.family->sequence};
    static constexpr std::span<const std::string_view> unused{c.family->unused};
    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        const auto sentences = std::size_t(n.sentences);
        return together(room(std::size_t(n.tokens), c.width), room(sentences, c.width),
                        either(bert<c, E, true>::scratch(n, threads),
                               bert<c, E, true>::pool_scratch(n.sentences, threads),
                               decltype(classifier)::scratch(n.sentences, threads)));
    }
    static constexpr double flops(lengths n) {
        return bert<c, E, true>::flops(n) + linear<c.width, c.width>::flops(n.sentences) +
               linear<c.width, c.labels>::flops(n.sentences);
    }
    [[nodiscard]] status forward(const bert_inputs& in, rows<outputs> logits, workspace auto m) const {
        if (status ok =
                check_head<bert_sequence_classifier>("bert_sequence_classifier", in, in.sentences(), logits.count, m);
            !ok)
            return ok;
        rows<c.width> x = m.take(int(in.ids.size())), pooled = m.take(in.sentences());
        if (status ok = body.forward(in, x, m); !ok) return ok;
        body.pool(x, in.each, pooled, m); // (tokens, width) -> (sentences, width)
        m.watch.stage("head");
        classifier.forward(pooled, logits, m); // (sentences, width) -> (sentences, labels)
        return {};
    }
};

// A linear map of every token of the body's output: what the two heads below share.
template <const bert_config& c, element E, int Outputs, class Head>
[[nodiscard]] status bert_each_token(const bert<c, E, false>& body, const Head& head, const bert_inputs& in,
                                     rows<Outputs> logits, workspace auto m) {
    rows<c.width> x = m.take(int(in.ids.size()));
    if (status ok = body.forward(in, x, m); !ok) return ok;
    m.watch.stage("head");
    head.forward(x, logits, m); // (tokens, width) -> (tokens, outputs)
    return {};
}

// A tag for each token: x C' + b. (tokens) -> (tokens, labels)
// Transformers: BertForTokenClassification.
template <const bert_config& c, element E = f32> struct bert_token_classifier {
    static_assert(c.labels > 0, "bert_token_classifier: .labels must be positive");
    bert<c, E, false> body;
    linear<c.width, c.labels, true, E> classifier;

    static constexpr auto kind = head_kind::token_classifier;
    static constexpr const bert_config& config = c;
    static constexpr int width = c.width, outputs = c.labels;
    static constexpr std::span<const name> names{c.family->token};
    static constexpr std::span<const std::string_view> unused{c.family->unused};
    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        return together(room(std::size_t(n.tokens), c.width), either(bert<c, E, false>::scratch(n, threads),
                                                                     decltype(classifier)::scratch(n.tokens, threads)));
    }
    static constexpr double flops(lengths n) {
        return bert<c, E, false>::flops(n) + linear<c.width, c.labels>::flops(n.tokens);
    }
    [[nodiscard]] status forward(const bert_inputs& in, rows<outputs> logits, workspace auto m) const {
        if (status ok =
                check_head<bert_token_classifier>("bert_token_classifier", in, int(in.ids.size()), logits.count, m);
            !ok)
            return ok;
        return bert_each_token(body, classifier, in, logits, m);
    }
};

// Where an answer begins and ends: x Q' + b, column 0 the start, column 1 the end. (tokens) -> (tokens, 2)
// Transformers: BertForQuestionAnswering.
template <const bert_config& c, element E = f32> struct bert_question_answerer {
    bert<c, E, false> body;
    linear<c.width, 2, true, E> answer;

    static constexpr auto kind = head_kind::question_answerer;
    static constexpr const bert_config& config = c;
    static constexpr int width = c.width, outputs = 2;
    static constexpr std::span<const name> names{c.family->answer};
    static constexpr std::span<const std::string_view> unused{c.family->unused};
    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        return together(room(std::size_t(n.tokens), c.width),
                        either(bert<c, E, false>::scratch(n, threads), decltype(answer)::scratch(n.tokens, threads)));
    }
    static constexpr double flops(lengths n) {
        return bert<c, E, false>::flops(n) + linear<c.width, 2>::flops(n.tokens);
    }
    [[nodiscard]] status forward(const bert_inputs& in, rows<outputs> logits, workspace auto m) const {
        if (status ok =
                check_head<bert_question_answerer>("bert_question_answerer", in, int(in.ids.size()), logits.count, m);
            !ok)
            return ok;
        return bert_each_token(body, answer, in, logits, m);
    }
};

} // namespace constformer::inline CONSTFORMER_ISA
