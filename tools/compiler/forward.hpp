// forward: `run` and `bench`, the model without its tokenizer. A head says what comes out of it:
//     std::vector<output> outputs(std::int64_t batch, std::int64_t tokens);   names and shapes, values still zero
//     status forward(const network&, const bert_inputs&, std::size_t row, std::vector<output>&, workspace auto);
//     constexpr std::size_t beside(int tokens);                               bytes it takes beside model::scratch
#pragma once

#include "describe.hpp"
#include "tensors.hpp"

#include "constformer/tasks/engine.hpp"

#include CONSTFORMER_COMMANDS // of this head

namespace constformer::program {

// Reads input_ids (batch, tokens), attention_mask and token_type_ids, and writes what Transformers' forward returns
// for them: padded tokens are computed too, behind the mask, so that every row agrees.
inline status run(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    const std::string path(given.words[0]);
    const auto file = safetensors::open(path);
    if (!file) return file.error();
    const auto in_file = [&](const error& why) { return error(spell_path(path), ": ", why.what()); };
    for (const stored_tensor& t : *file)
        if (t.name != "input_ids" && t.name != "attention_mask" && t.name != "token_type_ids")
            return in_file(error(spell(t.name), " is no input of this model; input_ids, attention_mask and "
                                                "token_type_ids are"));
    const auto ids = read_ids(*file, model::config.positions);
    if (!ids) return in_file(ids.error());
    const auto& shape = file->find("input_ids")->shape;
    const auto keep = whole_numbers(*file, "attention_mask", shape, 1, 2);
    if (!keep) return in_file(keep.error());
    const auto segments = whole_numbers(*file, "token_type_ids", shape, 0, std::max(segments_of<model>(), 1));
    if (!segments) return in_file(segments.error());

    const int tokens = int(shape[1]);
    const auto threads = s->threads();
    const aligned_memory memory(beside(tokens) + model::scratch(tokens, threads.size()));
    auto results = outputs(shape[0], shape[1]);
    for (std::size_t b = 0; b < std::size_t(shape[0]); ++b) {
        const auto row = [&](const std::vector<int>& all) {
            return std::span(all).subspan(b * std::size_t(tokens), std::size_t(tokens));
        };
        const bert_inputs in{.ids = row(*ids), .segments = row(*segments), .keep = row(*keep)};
        const auto m = basic_workspace<silent, on_team>::over(memory.bytes(), {}, threads);
        if (status ok = forward(*s->net, in, b, results, m); !ok) return in_file(ok.error());
    }
    return write_outputs(given.words[1], results);
}

// Times forwards of one text for each length and number of threads, at least 5 of them and about half a second.
inline status bench(const arguments& given) {
    const auto s = session::open(given, true);
    if (!s) return s.error();
    const auto asked = read_bench_options(given, model::config.positions, model::config.positions);
    if (!asked) return asked.error();
    for (const int count : asked->threads) {
        team workers(count);
        const on_team policy{&workers};
        for (const int tokens : asked->lengths) {
            const auto ids = any_ids(tokens);
            const aligned_memory memory(beside(tokens) + model::scratch(tokens, count));
            auto results = outputs(1, tokens);
            const auto times = times_of(5e5, [&] {
                const auto m = basic_workspace<silent, on_team>::over(memory.bytes(), {}, policy);
                return forward(*s->net, {.ids = ids}, 0, results, m);
            });
            if (!times) return times.error();
            writer out;
            out << "{\"model\":";
            out.quoted(checkpoint::name) << ",\"precision\":\"" << precision() << "\",\"length\":" << tokens;
            out << ",\"threads\":" << count << ",\"median_us\":";
            out.fixed((*times)[times->size() / 2], 1) << ",\"min_us\":";
            out.fixed((*times)[0], 1) << "}\n";
            if (status ok = out.flush(); !ok) return ok;
        }
    }
    return {};
}

} // namespace constformer::program
