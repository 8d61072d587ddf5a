// decoder: `run` and `bench` of a model that reads on from a cache.
#pragma once

#include "describe.hpp"
#include "tensors.hpp"

#include "constformer/generate/prefill.hpp"
#include "constformer/tasks/engine.hpp"

#include CONSTFORMER_COMMANDS // of this head

namespace constformer::program {

// Memory for forwards of up to `tokens` tokens behind others, `keys` in all, and the cache in it.
struct decoder_memory {
    aligned_memory cache, scratch;
    model::state past;
    decoder_memory(int tokens, int keys, int results, int threads)
        : cache(model::state::bytes(keys)), scratch(causal_scratch<model>(tokens, keys, results, threads)),
          past(model::state::in(basic_workspace<>::over(cache.bytes()), keys)) {}
    [[nodiscard]] auto workspace(on_team threads) const {
        return basic_workspace<silent, on_team>::over(scratch.bytes(), {}, threads);
    }
};

// Reads input_ids (batch, tokens) and attention_mask and writes the logits that Transformers' forward returns for them.
// Padding may come at the end of a row, where no other token sees it.
inline status run(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    const std::string path(given.words[0]);
    const auto file = safetensors::open(path);
    if (!file) return file.error();
    const auto in_file = [&](const error& why) { return error(spell_path(path), ": ", why.what()); };
    for (const stored_tensor& t : *file)
        if (t.name != "input_ids" && t.name != "attention_mask")
            return in_file(error(spell(t.name), " is no input of this model; input_ids and attention_mask are"));
    const auto ids = read_ids(*file, model::config.positions);
    if (!ids) return in_file(ids.error());
    const auto& shape = file->find("input_ids")->shape;
    const auto keep = whole_numbers(*file, "attention_mask", shape, 1, 2);
    if (!keep) return in_file(keep.error());
    const auto tokens = std::size_t(shape[1]);
    const int n = int(shape[1]);
    for (std::size_t i = 0; i + 1 < keep->size(); ++i)
        if ((i + 1) % tokens != 0 && (*keep)[i] < (*keep)[i + 1])
            return in_file(error("attention_mask hides token ", i % tokens, " of row ", i / tokens,
                                 ", but not the one behind it; only padding at the end is supported"));
    decoder_memory memory(n, n, n, s->threads().size());
    output logits("logits", {shape[0], shape[1], model::outputs});
    for (std::size_t b = 0; b < std::size_t(shape[0]); ++b) {
        memory.past.rewind(0);
        if (status ok = s->net->forward(std::span(*ids).subspan(b * tokens, tokens), memory.past, {logits.row(b), n},
                                        memory.workspace(s->threads()));
            !ok)
            return in_file(ok.error());
    }
    const tensor_view views[] = {{logits.name, dtype::f32, logits.shape, std::as_bytes(std::span(logits.values))}};
    return write_safetensors(std::string(given.words[1]), views);
}

// Times prompts of each length and number of threads, and single tokens behind them, at least 5 of each and about half
// a second.
inline status bench(const arguments& given) {
    const auto s = session::open(given, true);
    if (!s) return s.error();
    const int positions = model::config.positions;
    const auto asked = read_bench_options(given, positions, positions - 1, ", one of which is for the token behind");
    if (!asked) return asked.error();
    for (const int count : asked->threads) {
        team workers(count);
        const on_team policy{&workers};
        for (const int tokens : asked->lengths) {
            const auto ids = any_ids(tokens);
            constexpr int block = 128; // tokens of a prompt that are read at a time
            decoder_memory memory(std::min(block, tokens), tokens + 1, 1, count);
            std::vector<float> logits(static_cast<std::size_t>(model::outputs));
            const auto time = [&](std::string_view what, auto&& forward) -> status {
                const auto times = times_of(5e5, forward);
                if (!times) return times.error();
                writer out;
                out << "{\"model\":";
                out.quoted(checkpoint::name) << ",\"precision\":\"" << precision() << "\",\"step\":\"" << what;
                out << "\",\"length\":" << tokens << ",\"threads\":" << count << ",\"median_us\":";
                out.fixed((*times)[times->size() / 2], 1) << ",\"min_us\":";
                out.fixed((*times)[0], 1) << "}\n";
                return out.flush();
            };
            const rows<model::outputs> row{logits.data(), 1};
            if (status ok = time("prefill",
                                 [&]() -> status {
                                     memory.past.rewind(0);
                                     const auto done = prefill(*s->net, ids, memory.past, row, block,
                                                               memory.workspace(policy), [] { return true; });
                                     return done ? status() : done.error();
                                 });
                !ok)
                return ok;
            if (status ok = time("decode",
                                 [&] {
                                     memory.past.rewind(tokens);
                                     return s->net->forward(std::span(ids).last(1), memory.past, row,
                                                            memory.workspace(policy));
                                 });
                !ok)
                return ok;
        }
    }
    return {};
}

} // namespace constformer::program
