// The speed of a whole model, all-MiniLM-L6-v2, and where its time goes.
//   models [--json] [--precision f32|bf16|i8|q8|q4] [--weights PATH] [--rounds N] [--tokens 8,16,…] [--threads 1,2]
//   [--cpu-time]
// PATH is a packed weights file, a safetensors file or a Hugging Face folder; without one the weights are random, which
// takes the same time.
#include "../support/measure.hpp"
#include "constformer/core/team.hpp"
#include "constformer/files/checkpoint.hpp"
#include "kernels/minilm_l6.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string>

using namespace constformer;

namespace {

struct options {
    bool json = false;
    int rounds = 21;
    std::string path;
    std::vector<int> tokens{8, 16, 32, 64, 128, 256}, threads{1, 2};
};

// The time of each stage that a forward announces, one sample a forward.
class stage_times {
  public:
    struct stage {
        const char* name;
        double sum; // of the forward that runs
        bench::times each;
    };
    void begin(const char* name) {
        const double time = bench::now();
        if (running_) of(running_).sum += time - since_;
        running_ = name, since_ = time;
    }
    void end() {
        begin(nullptr);
        for (stage& s : stages_) s.each.each.push_back(std::exchange(s.sum, 0.0));
    }
    [[nodiscard]] const std::vector<stage>& all() const { return stages_; } // in order of appearance

  private:
    std::vector<stage> stages_;
    const char* running_ = nullptr;
    double since_ = 0;

    stage& of(const char* name) {
        for (stage& known : stages_)
            if (std::string_view(known.name) == name) return known;
        return stages_.emplace_back(name, 0.0);
    }
};
struct stage_watch : silent {
    stage_times* to;
    explicit stage_watch(stage_times& times) : to(&times) {}
    void stage(const char* name) const { to->begin(name); }
};

struct setting {
    int tokens, threads;
    std::size_t whole;  // its number among the rounds
    stage_times stages; // one thread only
};

[[noreturn]] void die(std::string_view why) {
    fmt::print(stderr, "models: {}\n", why);
    std::exit(1);
}

std::vector<int> list(std::string_view text) {
    std::vector<int> out;
    for (int value = 0; const char c : std::string(text) + ",") {
        if (c >= '0' && c <= '9' && value < 100'000) {
            value = 10 * value + c - '0';
        } else if (c == ',' && value > 0) {
            out.push_back(value), value = 0;
        } else {
            die(fmt::format("{} is not a list of numbers, as 8,16,32 is", text));
        }
    }
    return out;
}

template <class Model> void fill(Model& weights, const float* values) {
    each_leaf(weights, [&](auto& leaf) {
        std::vector<float> row(std::size_t(leaf.leaf_columns));
        for (int r = 0; r < leaf.leaf_rows; ++r) {
            for (float& v : row) v = 0.1f * *values++;
            leaf.put(r, row.data());
        }
    });
}

template <element E> int run(const options& wanted) {
    using model = bert<minilm_l6, E>;
    const auto& [json, rounds_count, path, tokens, threads] = wanted;

    // The weights: read, mapped or random.
    std::unique_ptr<bench::numbers> random;
    owned_weights<model> read;
    std::optional<mapped_weights<model>> mapped;
    const model* weights = nullptr;
    if (path.empty()) {
        random = std::make_unique<bench::numbers>(sizeof(model) / sizeof(float));
        const bench::numbers values(parameters<model>());
        auto* filled = reinterpret_cast<model*>(random->data());
        fill(*filled, values.data());
        weights = filled;
    } else if (auto packed = open_packed<model>(path)) {
        mapped.emplace(std::move(*packed));
        weights = &**mapped;
    } else if (auto checkpoint = read_checkpoint<model>(path)) {
        read = std::move(*checkpoint);
        weights = read.get();
    } else {
        die(path.ends_with(".safetensors") ? checkpoint.error().what() : packed.error().what());
    }

    if (bench::cpu_time && threads != std::vector{1}) die("--cpu-time counts one thread: add --threads 1");

    const int longest = *std::max_element(tokens.begin(), tokens.end());
    const int most_threads = *std::max_element(threads.begin(), threads.end());
    std::vector<int> ids(std::size_t(longest), 101);
    for (std::size_t i = 1; i < ids.size(); ++i) ids[i] = int((i * 7919) % 29000) + 999;
    const bench::numbers hidden(std::size_t(longest) * model::width);
    const bench::numbers scratch(model::scratch(longest, most_threads) / sizeof(float));
    const std::span memory(reinterpret_cast<std::byte*>(scratch.data()), model::scratch(longest, most_threads));
    const auto forward = [&](int n, auto workspace) {
        if (auto done = weights->forward({.ids = std::span(ids).first(std::size_t(n))},
                                         rows<model::width>{hidden.data(), n}, workspace);
            !done)
            die(done.error().what());
    };

    bench::rounds timer;
    const auto peak_number = timer.add(bench::fma_peak{});
    std::vector<std::unique_ptr<team>> teams;
    for (const int size : threads) teams.push_back(std::make_unique<team>(size));
    std::vector<setting> settings;
    settings.reserve(tokens.size() * threads.size());
    for (std::size_t t = 0; t < threads.size(); ++t)
        for (const int n : tokens) {
            setting& s = settings.emplace_back(n, threads[t]);
            if (s.threads == 1) {
                s.whole = timer.add([&forward, &s, memory] { forward(s.tokens, basic_workspace<>::over(memory)); });
                timer.add([&forward, &s, memory] {
                    forward(s.tokens, basic_workspace<stage_watch>::over(memory, stage_watch(s.stages)));
                    s.stages.end();
                });
            } else {
                s.whole = timer.add([&forward, &s, memory, workers = teams[t].get()] {
                    forward(s.tokens, basic_workspace<silent, on_team>::over(memory, {}, on_team{workers}));
                });
            }
        }
    timer.run(rounds_count);

    const double peak = bench::fma_peak::flops / timer.of(peak_number).median() / 1e9;
    nlohmann::ordered_json out{{"bench", "models"},     {"model", "all-MiniLM-L6-v2"},    {"element", name_of(E)},
                               {"isa", isa_name},       {"compiler", bench::compiler},    {"rounds", rounds_count},
                               {"peak_gflops_1", peak}, {"random_weights", path.empty()}, {"results", {}}};
    if (!json) {
        fmt::print("all-MiniLM-L6-v2, {}, {} weights, {}, {}: {:.1f} GFLOP/s f32 multiply-add peak of one thread; {} "
                   "rounds\n\n",
                   name_of(E), path.empty() ? "random" : "the checkpoint's", isa_name, bench::compiler, peak,
                   rounds_count);
        fmt::print("threads tokens  median ms     min ms  GFLOP/s  peak %  ms per stage\n");
    }
    for (const setting& s : settings) {
        const bench::times& t = timer.of(s.whole);
        const double rate = model::flops(s.tokens) / t.median() / 1e9;
        nlohmann::ordered_json one{
            {"tokens", s.tokens},       {"threads", s.threads}, {"median_ms", t.median() * 1e3},
            {"min_ms", t.best() * 1e3}, {"gflops", rate},       {"share_of_peak", rate / peak / s.threads}};
        std::string stages;
        for (const auto& stage : s.stages.all()) {
            const double median = stage.each.median() * 1e3;
            one["stage_ms"][stage.name] = median;
            stages += fmt::format("{}{} {:.2f}", stages.empty() ? "" : ", ", stage.name, median);
        }
        out["results"].push_back(one);
        if (!json)
            fmt::print("{:7} {:6} {:10.2f} {:10.2f} {:8.1f} {:7.0f}  {}\n", s.threads, s.tokens, t.median() * 1e3,
                       t.best() * 1e3, rate, 100 * rate / peak / s.threads, stages);
    }
    if (json) fmt::print("{}\n", out.dump(2));
    return 0;
}

} // namespace

int main(int count, char** words) {
    options wanted;
    std::string_view precision = "f32";
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        const bool more = i + 1 < count;
        if (word == "--json")
            wanted.json = true;
        else if (word == "--cpu-time")
            bench::cpu_time = true;
        else if (word == "--precision" && more)
            precision = words[++i];
        else if (word == "--weights" && more)
            wanted.path = words[++i];
        else if (word == "--rounds" && more)
            wanted.rounds = list(words[++i]).front();
        else if (word == "--tokens" && more)
            wanted.tokens = list(words[++i]);
        else if (word == "--threads" && more)
            wanted.threads = list(words[++i]);
        else {
            fmt::print(stderr, "usage: models [--json] [--precision f32|bf16|i8|q8|q4] [--weights PATH] [--rounds N] "
                               "[--tokens 8,16] [--threads 1,2] [--cpu-time]\n");
            return word == "--help" ? 0 : 2;
        }
    }
    if (precision == name_of(f32)) return run<f32>(wanted);
    if (precision == name_of(bf16)) return run<bf16>(wanted);
    if (precision == name_of(i8)) return run<i8>(wanted);
    if (precision == name_of(q8)) return run<q8>(wanted);
    if (precision == name_of(q4)) return run<q4>(wanted);
    die(fmt::format("--precision {}: there are f32, bf16, i8, q8 and q4", precision));
}
