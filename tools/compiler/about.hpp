// about: what `describe` and `bench` of all models have in common.
#pragma once

#include "session.hpp"

#include "constformer/core/manifest.hpp"

#include <algorithm>
#include <chrono>

namespace constformer::program {

// Begins a line of `describe`: what it is of, and what is said behind it, from one column on.
struct about {
    writer& out;
    std::size_t column;
    writer& operator()(std::string_view name) const {
        out << name << ':';
        for (std::size_t i = name.size(); i < column; ++i) out << ' ';
        return out;
    }
};
// What any model says first: its name, type, precision and instruction sets.
inline status describe_type(const about& line) {
    line("model") << checkpoint::name << '\n';
    line("type") << type_name<model>() << '\n';
    line("precision") << precision() << '\n';
    const auto isa = choose_isa();
    if (!isa) return isa.error();
    writer& out = line("isa") << built_isas::all[*isa].name;
    if (std::size(built_isas::all) > 1)
        for (const instruction_set& one : built_isas::all)
            out << (&one == built_isas::all ? " (of " : ", ") << one.name;
    out << (std::size(built_isas::all) > 1 ? ")\n" : "\n");
    return {};
}
inline void describe_weights(const about& line) {
    line("parameters") << parameters<model>() << '\n';
    line("weights") << sizeof(model) << " bytes" << (has_embedded_weights() ? ", in this program\n" : "\n");
}
// A row of a table, each column to the left of its end.
template <std::size_t N> void describe_row(writer& out, const std::string (&columns)[N], const std::size_t (&ends)[N]) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < N; at = ends[i++])
        out << std::string(ends[i] - at - std::min(columns[i].size(), ends[i] - at), ' ') << columns[i];
    out << '\n';
}

// What `bench` is asked for.
struct bench_options {
    std::vector<int> lengths, threads;
};
// Errors: options that are no numbers; lengths above `most`, and why (behind "this model has N positions").
inline expected<bench_options> read_bench_options(const arguments& given, int positions, int most,
                                                  std::string_view why = {}) {
    const auto lengths = given.numbers("--lengths", "8,128", 1);
    if (!lengths) return lengths.error();
    const auto threads = given.numbers("--threads", "1", 1);
    if (!threads) return threads.error();
    for (const int tokens : *lengths)
        if (tokens > most) return error("--lengths ", tokens, ": this model has ", positions, " positions", why);
    return bench_options{*lengths, *threads};
}
// Ids for a forward whose time does not depend on them.
inline std::vector<int> any_ids(int tokens) {
    std::vector<int> ids;
    ids.resize(std::size_t(tokens));
    unsigned draw = 1;
    for (int& id : ids) id = int((draw = draw * 1664525 + 1013904223) >> 8) % model::config.vocabulary;
    return ids;
}
// The microseconds of step(), sorted: two to warm up, then at least 5 and about `total` of them. Errors: those of step.
inline expected<std::vector<double>> times_of(double total, auto&& step) {
    std::vector<double> times;
    double sum = 0;
    for (int round = -2; round < 5 || (sum < total && round < 20'000); ++round) {
        const auto begin = std::chrono::steady_clock::now();
        if (status ok = step(); !ok) return ok.error();
        const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
        if (round >= 0) times.push_back(took.count()), sum += took.count();
    }
    std::sort(times.begin(), times.end());
    return times;
}

} // namespace constformer::program
