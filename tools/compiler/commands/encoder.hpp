// encoder: last hidden states, and what is made of them: embeddings, an index of passages, search.
#pragma once

#include "passages.hpp"

#include "constformer/tasks/embed.hpp"
#include "constformer/tasks/index_file.hpp"

#include <deque>
#include <fstream>

namespace constformer::program {

constexpr bool has_pooler = model::config.pooled;
constexpr std::size_t beside(int) { return 0; }

inline std::vector<output> outputs(std::int64_t batch, std::int64_t tokens) {
    std::vector<output> all{{"last_hidden_state", {batch, tokens, model::width}}};
    if (has_pooler) all.push_back({"pooler_output", {batch, model::width}});
    return all;
}
template <class Network>
status forward(const Network& net, const bert_inputs& in, std::size_t row, std::vector<output>& out, workspace auto m) {
    const rows<Network::width> x{out[0].row(row), int(in.ids.size())};
    if (status ok = net.forward(in, x, m); !ok) return ok;
    if constexpr (has_pooler) net.pool(x, {}, rows<Network::width>{out[1].row(row), 1}, m);
    return {};
}

using sentence_embedder = embedder<network, on_team, tokenizer_type>;

// Many texts share a forward, so the embedder gets room for a few long ones.
inline expected<sentence_embedder> make_embedder(session& s) {
    const auto words = s.words();
    if (!words) return words.error();
    return sentence_embedder(*s.net, **words, s.most_tokens, {.truncate = s.truncate, .how = checkpoint::pooling},
                             s.threads());
}

inline status embed_command(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    auto embedder = make_embedder(*s);
    if (!embedder) return embedder.error();
    writer out;
    std::deque<std::string> texts; // those that JSON will show beside their vectors
    const auto write = [&](const_rows<model::width> vectors) {
        for (int r = 0; r < vectors.count; ++r) {
            if (s->json) {
                (out << "{\"text\":").quoted(texts.front()) << ",\"embedding\":[";
                texts.pop_front();
            }
            for (int i = 0; i < model::width; ++i) {
                if (i != 0) out << (s->json ? ',' : ' ');
                out << vectors[r][i];
            }
            out << (s->json ? "]}\n" : "\n");
        }
    };
    return each_text(
        given.words,
        [&](std::string_view text) -> status {
            if (status ok = embedder->add(text, write); !ok) return ok;
            if (s->json) texts.emplace_back(text);
            return {};
        },
        [&]() -> status {
            if (status ok = embedder->finish(write); !ok) return ok;
            return out.flush();
        });
}

// Passages and their embeddings, (passages, width).
struct passages {
    std::vector<std::string> lines;
    std::vector<std::string_view> texts;
    std::vector<float> vectors;
};
inline status embed_passages(sentence_embedder& embedder, const std::string& path, passages& to) {
    auto lines = read_passages(path);
    if (!lines) return lines.error();
    to.lines = std::move(*lines);
    to.texts.assign(to.lines.begin(), to.lines.end());
    to.vectors.resize(to.lines.size() * model::width);
    if (status ok = embedder.embed(to.texts, {to.vectors.data(), int(to.texts.size())}); !ok)
        return error(spell_path(path), ": ", ok.error().what());
    return {};
}

inline status index_command(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    auto embedder = make_embedder(*s);
    if (!embedder) return embedder.error();
    passages all;
    if (status ok = embed_passages(*embedder, std::string(given.words[0]), all); !ok) return ok;
    return write_index(std::string(given.words[1]), all.vectors.data(), int(all.texts.size()), model::width, all.texts,
                       manifest_hash<model>());
}

inline bool is_index(const std::string& path) {
    std::array<char, 8> magic{};
    std::ifstream(path, std::ios::binary).read(magic.data(), magic.size());
    return magic == index_header::signature;
}

inline status search_command(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    const auto top = given.number("--top", 5, 1);
    if (!top) return top.error();
    auto embedder = make_embedder(*s);
    if (!embedder) return embedder.error();
    std::vector<float> query(model::width);
    const std::string_view asked = given.words[1];
    if (status ok = embedder->embed(std::span(&asked, 1), {query.data(), 1}); !ok)
        return error("the query: ", ok.error().what());

    const std::string path(given.words[0]);
    std::optional<index_file> index;
    passages all;
    const float* vectors = nullptr;
    int count = 0;
    if (is_index(path)) {
        auto file = index_file::open(path);
        if (!file) return file.error();
        const index_view& view = file->view();
        if (view.width() != model::width)
            return error(spell_path(path), ": vectors of width ", view.width(), ", this model makes ", model::width);
        if (view.header().model != 0 && view.header().model != manifest_hash<model>())
            return error(spell_path(path), ": another model made these vectors");
        vectors = view.vectors(), count = view.count();
        index.emplace(std::move(*file));
    } else {
        if (status ok = embed_passages(*embedder, path, all); !ok) return ok;
        vectors = all.vectors.data(), count = int(all.texts.size());
    }
    std::vector<hit> best(std::size_t(std::min(*top, count)));
    const int found = search(vectors, count, model::width, query.data(), best);
    writer out;
    for (const hit& h : std::span(best).first(std::size_t(found))) {
        const auto text = index ? index->view().text(h.index) : all.texts[std::size_t(h.index)];
        if (s->json) {
            out << "{\"score\":" << h.score << ",\"index\":" << h.index << ",\"text\":";
            out.quoted(text) << "}\n";
        } else {
            out.fixed(double(h.score), 4) << '\t' << text << '\n';
        }
    }
    return out.flush();
}

inline const std::vector<command> head_commands{
    {name_of(task::embed),
     "[TEXT...]",
     "vectors of texts, or of the lines of the standard input as they come: numbers, a text a line",
     0,
     any_number,
     {json_option, truncate_option, most_option, threads_option, weights_option},
     embed_command},
    {name_of(task::search),
     "PASSAGES QUERY",
     "the passages nearest to a query; PASSAGES is a text with one a line, or an index",
     2,
     2,
     {{"--top", "N", "how many passages (5)"},
      json_option,
      truncate_option,
      most_option,
      threads_option,
      weights_option},
     search_command},
    {"index",
     "PASSAGES INDEX",
     "embeds passages once and keeps the vectors in a file",
     2,
     2,
     {truncate_option, most_option, threads_option, weights_option},
     index_command},
};

} // namespace constformer::program
