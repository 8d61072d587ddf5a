// forward: `run` and `bench`, the model without its tokenizer. A head says what comes out of it:
//     std::vector<output> outputs(std::int64_t batch, std::int64_t tokens);   names and shapes, values still zero
//     status forward(const network&, const bert_inputs&, std::size_t row, std::vector<output>&, workspace auto);
//     constexpr std::size_t beside(int tokens);                               bytes it takes beside model::scratch
#pragma once

#include "describe.hpp"
#include "tensors.hpp"

#include "constformer/tasks/engine.hpp"

#include <chrono>

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
    const auto lengths = given.numbers("--lengths", "8,128", 1);
    if (!lengths) return lengths.error();
    const auto threads = given.numbers("--threads", "1", 1);
    if (!threads) return threads.error();
    for (const int tokens : *lengths)
        if (tokens > model::config.positions)
            return error("--lengths ", tokens, ": this model has ", model::config.positions, " positions");
    for (const int count : *threads) {
        team workers(count);
        const on_team policy{&workers};
        for (const int tokens : *lengths) {
            std::vector<int> ids;
            ids.resize(std::size_t(tokens));
            unsigned draw = 1;
            for (int& id : ids) id = int((draw = draw * 1664525 + 1013904223) >> 8) % model::config.vocabulary;
            const aligned_memory memory(beside(tokens) + model::scratch(tokens, count));
            auto results = outputs(1, tokens);
            std::vector<double> times;
            double total = 0;
            for (int round = -2; round < 5 || (total < 5e5 && round < 20'000); ++round) { // two to warm up
                const auto begin = std::chrono::steady_clock::now();
                const auto m = basic_workspace<silent, on_team>::over(memory.bytes(), {}, policy);
                if (status ok = forward(*s->net, {.ids = ids}, 0, results, m); !ok) return ok;
                const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
                if (round >= 0) times.push_back(took.count()), total += took.count();
            }
            std::sort(times.begin(), times.end());
            writer out;
            out << "{\"model\":";
            out.quoted(checkpoint::name) << ",\"precision\":\"" << precision() << "\",\"length\":" << tokens;
            out << ",\"threads\":" << count << ",\"median_us\":";
            out.fixed(times[times.size() / 2], 1) << ",\"min_us\":";
            out.fixed(times[0], 1) << "}\n";
            if (status ok = out.flush(); !ok) return ok;
        }
    }
    return {};
}

} // namespace constformer::program
