// describe: what the compiler knows of a model: numbers, nothing measured.
#pragma once

#include "about.hpp"

namespace constformer::program {

// Of a forward of so many tokens, with nothing before them.
template <class Model> constexpr std::size_t scratch_of(int tokens) {
    if constexpr (causal<Model>)
        return Model::scratch(tokens, tokens);
    else
        return Model::scratch(tokens);
}
// What only some models have: heads of another number or width, a cache.
template <class Model, class Line> void describe_attention(const Line& line) {
    constexpr auto& c = Model::config;
    if constexpr (requires { c.kv_heads; })
        line("heads") << c.heads << " of " << c.head_width << ", " << c.kv_heads << " of keys and values\n";
    else
        line("heads") << c.heads << " of " << c.width / c.heads << '\n';
}
template <class Model, class Line> void describe_cache(const Line& line) {
    if constexpr (causal<Model>)
        line("cache") << Model::state::bytes(1024) / 1024 << " bytes a token, " << Model::config.positions
                      << " of them at most\n";
}

inline status describe(const arguments&) {
    constexpr auto& c = model::config;
    writer out;
    const about line{out, 14};
    if (status ok = describe_type(line); !ok) return ok;
    line("layers") << c.layers << '\n';
    line("width") << c.width << '\n';
    describe_attention<model>(line);
    line("feed forward") << c.feed_forward << '\n';
    line("vocabulary") << c.vocabulary << '\n';
    line("positions") << c.positions << '\n';
    describe_weights(line);
    describe_cache<model>(line);
    out << "\ntokens        FLOPs of a forward        scratch bytes\n";
    for (const int tokens : {1, 8, 16, 32, 64, 128, 256, 512}) {
        if (tokens > c.positions) break;
        const std::string columns[] = {std::to_string(tokens), std::to_string((long long)model::flops(tokens)),
                                       std::to_string(scratch_of<model>(tokens))};
        describe_row(out, columns, {6, 32, 53});
    }
    return out.flush();
}

} // namespace constformer::program
