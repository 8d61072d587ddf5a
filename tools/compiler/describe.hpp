// describe: what the compiler knows of a model: numbers, nothing measured.
#pragma once

#include "session.hpp"

#include "constformer/core/manifest.hpp"

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
    const auto line = [&](std::string_view name) -> writer& {
        out << name << ':';
        for (std::size_t i = name.size(); i < 14; ++i) out << ' ';
        return out;
    };
    line("model") << checkpoint::name << '\n';
    line("type") << type_name<model>() << '\n';
    line("precision") << precision() << '\n';
    const auto isa = choose_isa();
    if (!isa) return isa.error();
    line("isa") << built_isas::all[*isa].name;
    if (std::size(built_isas::all) > 1)
        for (const instruction_set& one : built_isas::all)
            out << (&one == built_isas::all ? " (of " : ", ") << one.name;
    out << (std::size(built_isas::all) > 1 ? ")\n" : "\n");
    line("layers") << c.layers << '\n';
    line("width") << c.width << '\n';
    describe_attention<model>(line);
    line("feed forward") << c.feed_forward << '\n';
    line("vocabulary") << c.vocabulary << '\n';
    line("positions") << c.positions << '\n';
    line("parameters") << parameters<model>() << '\n';
    line("weights") << sizeof(model) << " bytes" << (has_embedded_weights() ? ", in this program\n" : "\n");
    describe_cache<model>(line);
    out << "\ntokens        FLOPs of a forward        scratch bytes\n";
    for (const int tokens : {1, 8, 16, 32, 64, 128, 256, 512}) {
        if (tokens > c.positions) break;
        const std::string columns[] = {std::to_string(tokens), std::to_string((long long)model::flops(tokens)),
                                       std::to_string(scratch_of<model>(tokens))};
        const std::size_t ends[] = {6, 32, 53};
        std::size_t at = 0;
        for (std::size_t i = 0; i < 3; at = ends[i++])
            out << std::string(ends[i] - at - std::min(columns[i].size(), ends[i] - at), ' ') << columns[i];
        out << '\n';
    }
    return out.flush();
}

} // namespace constformer::program
