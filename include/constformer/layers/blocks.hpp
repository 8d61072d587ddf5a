// blocks: the transformer layers that most papers share, as struct templates over their parts. A forward shows the
// paper's equations, one sublayer a line.
#pragma once

#include "constformer/layers/attention.hpp"
#include "constformer/layers/decoder_memory.hpp"
#include "constformer/layers/feed_forward.hpp"
#include "constformer/layers/norm.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// x = norm(x + self(x)); x = norm(x + ffn(x)). Vaswani et al. 2017; BERT, RoBERTa, GPT.
// PyTorch: nn.TransformerEncoderLayer(norm_first=False).
template <class Norm, class Self, class Ffn> struct post_norm_layer {
    Self self;
    Norm self_norm;
    Ffn ffn;
    Norm ffn_norm;
    static constexpr int width = Self::width;
    using state = typename Self::kept; // the tokens so far

    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        return either(Self::encode_scratch(n, threads), Ffn::scratch(n, threads));
    }
    static constexpr std::size_t scratch(int n, int keys, int threads = 1) {
        return either(Self::extend_scratch(n, keys, threads), Ffn::scratch(n, threads));
    }
    static constexpr double flops(lengths n) { return Self::flops(n) + Ffn::flops(n); }

    // Sees what it is given.
    void forward(rows<width> x, std::span<const int> each, const ops::rule auto& rule, workspace auto m) const {
        self.encode(x, onto(x), each, rule, m);
        self_norm.forward(x, x, m);
        ffn.forward(x, onto(x), m);
        ffn_norm.forward(x, x, m);
    }
    // Sees what came before, too.
    template <class Turn = ops::unturned>
    void forward(rows<width> x, state& past, const ops::rule auto& rule, workspace auto m,
                 const Turn& turn = {}) const {
        self.extend(x, past, onto(x), rule, m, turn);
        self_norm.forward(x, x, m);
        ffn.forward(x, onto(x), m);
        ffn_norm.forward(x, x, m);
    }
};

// x += self(norm(x)); x += ffn(norm(x)). GPT-2, T5's encoder, Llama.
// PyTorch: nn.TransformerEncoderLayer(norm_first=True).
template <class Norm, class Self, class Ffn> struct pre_norm_layer {
    Norm self_norm;
    Self self;
    Norm ffn_norm;
    Ffn ffn;
    static constexpr int width = Self::width;
    using state = typename Self::kept; // the tokens so far

    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        return together(room(std::size_t(n.tokens), width),
                        either(Self::encode_scratch(n, threads), Ffn::scratch(n, threads)));
    }
    static constexpr std::size_t scratch(int n, int keys, int threads = 1) {
        return together(room(std::size_t(n), width),
                        either(Self::extend_scratch(n, keys, threads), Ffn::scratch(n, threads)));
    }
    static constexpr double flops(lengths n) { return Self::flops(n) + Ffn::flops(n); }

    // Sees what it is given.
    void forward(rows<width> x, std::span<const int> each, const ops::rule auto& rule, workspace auto m) const {
        rows<width> h = m.take(x.count);
        self_norm.forward(x, h, m);
        self.encode(h, onto(x), each, rule, m);
        ffn_norm.forward(x, h, m);
        ffn.forward(h, onto(x), m);
    }
    // Sees what came before, too.
    template <class Turn = ops::unturned>
    void forward(rows<width> x, state& past, const ops::rule auto& rule, workspace auto m,
                 const Turn& turn = {}) const {
        rows<width> h = m.take(x.count);
        self_norm.forward(x, h, m);
        self.extend(h, past, onto(x), rule, m, turn);
        ffn_norm.forward(x, h, m);
        ffn.forward(h, onto(x), m);
    }
};

// x += self(norm(x)) + ffn(norm'(x)): both read what neither has written to. GPT-J, GPT-NeoX (Black et al. 2022).
// Transformers: GPTNeoXLayer.
template <class Norm, class Self, class Ffn> struct parallel_layer {
    Norm self_norm;
    Self self;
    Norm ffn_norm;
    Ffn ffn;
    static constexpr int width = Self::width;
    using state = typename Self::kept; // the tokens so far

    static constexpr std::size_t scratch(int n, int keys, int threads = 1) {
        return together(2 * room(std::size_t(n), width),
                        either(Self::extend_scratch(n, keys, threads), Ffn::scratch(n, threads)));
    }
    static constexpr double flops(lengths n) { return Self::flops(n) + Ffn::flops(n); }

    template <class Turn = ops::unturned>
    void forward(rows<width> x, state& past, const ops::rule auto& rule, workspace auto m,
                 const Turn& turn = {}) const {
        rows<width> h = m.take(x.count), g = m.take(x.count);
        self_norm.forward(x, h, m);
        ffn_norm.forward(x, g, m);
        self.extend(h, past, onto(x), rule, m, turn);
        ffn.forward(g, onto(x), m);
    }
};

// x += self(norm(x)); x += cross(norm(x), source); x += ffn(norm(x)). T5's decoder.
// PyTorch: nn.TransformerDecoderLayer(norm_first=True).
template <class Norm, class Self, class Cross, class Ffn> struct pre_norm_decoder_layer {
    Norm self_norm;
    Self self;
    Norm cross_norm;
    Cross cross;
    Norm ffn_norm;
    Ffn ffn;
    static constexpr int width = Self::width;

    using state = decoder_memory<Self::narrow, Cross::narrow>; // the words so far; the source, read once

    static constexpr std::size_t scratch(int n, int keys, int source, int threads = 1) {
        return together(room(std::size_t(n), width),
                        either(Self::extend_scratch(n, keys, threads), Cross::scratch(n, source, threads),
                               Ffn::scratch(n, threads)));
    }
    // Of n words behind whose last one stand `keys`, of which each looks at `source` tokens read before.
    static constexpr double flops(int n, int keys, int source) {
        lengths words(n), read(n);
        words.squares = double(n) * keys, read.squares = double(n) * source;
        return Self::flops(words) + Cross::attend_flops(read) + Ffn::flops(n);
    }

    void forward(rows<width> x, state& past, const ops::rule auto& self_rule, const ops::rule auto& cross_rule,
                 workspace auto m) const {
        rows<width> h = m.take(x.count);
        self_norm.forward(x, h, m);
        self.extend(h, past.self, onto(x), self_rule, m);
        cross_norm.forward(x, h, m);
        cross.attend(h, past.cross, onto(x), cross_rule, m);
        ffn_norm.forward(x, h, m);
        ffn.forward(h, onto(x), m);
    }
};

// x = norm(x + self(x)); x = norm(x + cross(x, source)); x = norm(x + ffn(x)). Vaswani et al. 2017; Marian, BART.
// PyTorch: nn.TransformerDecoderLayer(norm_first=False).
template <class Norm, class Self, class Cross, class Ffn> struct post_norm_decoder_layer {
    Self self;
    Norm self_norm;
    Cross cross;
    Norm cross_norm;
    Ffn ffn;
    Norm ffn_norm;
    static constexpr int width = Self::width;
    using state = decoder_memory<Self::narrow, Cross::narrow>; // the words so far; the source, read once

    static constexpr std::size_t scratch(int n, int keys, int source, int threads = 1) {
        return either(Self::extend_scratch(n, keys, threads), Cross::scratch(n, source, threads),
                      Ffn::scratch(n, threads));
    }
    // Of n words behind whose last one stand `keys`, of which each looks at `source` tokens read before.
    static constexpr double flops(int n, int keys, int source) {
        lengths words(n), read(n);
        words.squares = double(n) * keys, read.squares = double(n) * source;
        return Self::flops(words) + Cross::attend_flops(read) + Ffn::flops(n);
    }

    void forward(rows<width> x, state& past, const ops::rule auto& self_rule, const ops::rule auto& cross_rule,
                 workspace auto m) const {
        self.extend(x, past.self, onto(x), self_rule, m);
        self_norm.forward(x, x, m);
        cross.attend(x, past.cross, onto(x), cross_rule, m);
        cross_norm.forward(x, x, m);
        ffn.forward(x, onto(x), m);
        ffn_norm.forward(x, x, m);
    }
};

// The state of a stack: one a layer, placed by the caller in memory of bytes(capacities…).
template <class State, int Layers> struct stack_state {
    std::array<State, std::size_t(Layers)> layers;
    static constexpr std::size_t bytes(auto... capacity) { return Layers * State::bytes(capacity...); }
    static stack_state in(auto m, auto... capacity) {
        stack_state s;
        for (auto& layer : s.layers) layer = State::in(m, capacity...);
        return s;
    }
};

} // namespace constformer::inline CONSTFORMER_ISA
