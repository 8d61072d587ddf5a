// forward_seq2seq: `run`, `bench` and `describe` of what reads one text and writes another.
#pragma once

#include "about.hpp"
#include "tensors.hpp"

#include "constformer/tasks/engine.hpp"

#include CONSTFORMER_COMMANDS

namespace constformer::program {

// A state and the memory of its forwards, for texts of `source` and `words` tokens.
struct reading {
    aligned_memory placed, scratch;
    model::state past;
    on_team threads;
    reading(int source, int words, on_team on)
        : placed(model::state::bytes(words, source)),
          scratch(either(model::encode_scratch(source, on.size()), model::begin_scratch(source, on.size()),
                         model::decode_scratch(words, words, source, on.size()))),
          past(model::state::in(basic_workspace<>::over(placed.bytes()), words, source)), threads(on) {}
    [[nodiscard]] auto workspace() const {
        return basic_workspace<silent, on_team>::over(scratch.bytes(), {}, threads);
    }
};

// Reads input_ids (batch, tokens), attention_mask and decoder_input_ids (batch, words), and writes what Transformers'
// forward returns for them.
inline status run(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    const std::string path(given.words[0]);
    const auto file = safetensors::open(path);
    if (!file) return file.error();
    const auto in_file = [&](const error& why) { return error(spell_path(path), ": ", why.what()); };
    for (const stored_tensor& t : *file)
        if (t.name != "input_ids" && t.name != "attention_mask" && t.name != "decoder_input_ids")
            return in_file(error(spell(t.name), " is no input of this model; input_ids, attention_mask and "
                                                "decoder_input_ids are"));
    const auto ids = read_ids(*file, model::limits.positions);
    if (!ids) return in_file(ids.error());
    const auto words = read_ids(*file, model::limits.positions, "decoder_input_ids");
    if (!words) return in_file(words.error());
    const auto &shape = file->find("input_ids")->shape, &target = file->find("decoder_input_ids")->shape;
    if (shape[0] != target[0])
        return in_file(error("decoder_input_ids is ", spell(target), ", input_ids are ", spell(shape)));
    const auto keep = whole_numbers(*file, "attention_mask", shape, 1, 2);
    if (!keep) return in_file(keep.error());
    const int n = int(shape[1]), count = int(target[1]);
    reading r(n, count, s->threads());
    std::vector<output> results{{"logits", {shape[0], target[1], model::outputs}},
                                {"encoder_last_hidden_state", {shape[0], shape[1], model::width}}};
    for (std::size_t b = 0; b < std::size_t(shape[0]); ++b) {
        const auto row = [&](const std::vector<int>& all, int size) {
            return std::span(all).subspan(b * std::size_t(size), std::size_t(size));
        };
        const rows<model::width> x{results[1].row(b), n};
        if (status ok = s->net->encode(row(*ids, n), row(*keep, n), x, r.workspace()); !ok) return in_file(ok.error());
        if (status ok = s->net->begin(x, r.past, r.workspace()); !ok) return in_file(ok.error());
        if (status ok =
                s->net->decode(row(*words, count), row(*keep, n), r.past, {results[0].row(b), count}, r.workspace());
            !ok)
            return in_file(ok.error());
    }
    return write_outputs(given.words[1], results);
}

// Times reading a text of each length, and writing a word behind as many others, for each number of threads.
inline status bench(const arguments& given) {
    const auto s = session::open(given, true);
    if (!s) return s.error();
    const auto asked = read_bench_options(given, model::limits.positions, model::limits.positions);
    if (!asked) return asked.error();
    for (const int count : asked->threads) {
        team workers(count);
        for (const int tokens : asked->lengths) {
            reading r(tokens, tokens, {&workers});
            const auto ids = any_ids(tokens);
            std::vector<float> x(ids.size() * model::width), y(ids.size() * model::outputs);
            const rows<model::width> source{x.data(), tokens};
            const auto encode = times_of(2.5e5, [&]() -> status {
                if (status ok = s->net->encode(ids, {}, source, r.workspace()); !ok) return ok;
                return s->net->begin(source, r.past, r.workspace());
            });
            if (!encode) return encode.error();
            if (status ok = s->net->decode(ids, {}, r.past, {y.data(), tokens}, r.workspace()); !ok) return ok;
            const auto word = times_of(2.5e5, [&]() -> status {
                r.past.rewind(tokens - 1);
                return s->net->decode(std::span(ids).first(1), {}, r.past, {y.data(), 1}, r.workspace());
            });
            if (!word) return word.error();
            writer out;
            out << "{\"model\":";
            out.quoted(checkpoint::name) << ",\"precision\":\"" << precision() << "\",\"length\":" << tokens;
            out << ",\"threads\":" << count << ",\"median_us\":";
            out.fixed((*encode)[encode->size() / 2], 1) << ",\"min_us\":";
            out.fixed((*encode)[0], 1) << ",\"word_median_us\":";
            out.fixed((*word)[word->size() / 2], 1) << ",\"word_min_us\":";
            out.fixed((*word)[0], 1) << "}\n";
            if (status ok = out.flush(); !ok) return ok;
        }
    }
    return {};
}

// What the compiler knows of the model: numbers, nothing measured.
inline status describe(const arguments&) {
    constexpr auto& c = model::config;
    writer out;
    const about line{out, 16};
    if (status ok = describe_type(line); !ok) return ok;
    line("encoder layers") << c.layers << '\n';
    line("decoder layers") << c.decoder_layers << '\n';
    line("width") << c.width << '\n';
    line("heads") << c.heads << '\n';
    line("feed forward") << c.feed_forward << '\n';
    line("vocabulary") << c.vocabulary << '\n';
    describe_weights(line);
    out << "\ntokens    FLOPs to read    FLOPs a word    scratch bytes    state bytes\n";
    for (const int tokens : {1, 8, 16, 32, 64, 128, 256, 512}) {
        if (tokens > model::limits.positions) break;
        const std::string columns[] = {
            std::to_string(tokens), std::to_string((long long)model::encode_flops(tokens)),
            std::to_string((long long)model::decode_flops(tokens, tokens)),
            std::to_string(either(model::encode_scratch(tokens), model::decode_scratch(1, tokens, tokens))),
            std::to_string(model::state::bytes(tokens, tokens))};
        describe_row(out, columns, {6, 23, 39, 56, 71});
    }
    return out.flush();
}

} // namespace constformer::program
