// The speed of single operations, and their share of what limits them on this machine, measured in the same run: the
// peak of multiply-adds, or of int8 dot products, or the reading of memory.
//   ops [--json] [--rounds N] [--only PART-OF-A-NAME] [--cpu-time]
#include "../support/limits.hpp"
#include "constformer/ops/attend.hpp"
#include "constformer/ops/matmul.hpp"
#include "constformer/ops/normalize.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string>

using namespace constformer;

namespace {

constexpr std::size_t far = 40 << 20;      // bytes: more than most last-level caches
constexpr std::size_t farther = 120 << 20; // a small language model's, read once for each token

struct result {
    std::string op, shape, weights; // weights: "hot", "cycled", or "" where there are none
    double work;                    // FLOP, or bytes read and written
    bool counts_flops;
    std::size_t number;
    double limit = 0;           // seconds of the limit's work that is as much as `work` …
    std::size_t limited_by = 0; // … in the rounds of this number
};

class suite {
  public:
    suite(std::string only, int rounds)
        : only_(std::move(only)), rounds_(rounds), peak_(timer_.add(bench::fma_peak{})) {
        if (i8_flops_ == 0) i8_flops_ = bench::fma_peak::flops;
        auto* const words = reinterpret_cast<std::uint32_t*>(blocks_.data());
        for (std::size_t i = 0; i < farther / sizeof *words; ++i) // every half is a scale as there may be
            words[i] = (words[i] & 0x3bff3bff) | 0x04000400;
    }

    void matmul(int rows, int depth, int columns) {
        const std::size_t size = std::size_t(round_up(columns, panel)) * std::size_t(depth);
        const product p{.x = x_.data(),
                        .x_stride = depth,
                        .b = weights_.data(),
                        .panel_stride = std::ptrdiff_t(depth) * panel,
                        .bias = bias_.data(),
                        .y = y_.data(),
                        .y_stride = columns,
                        .rows = rows,
                        .depth = depth,
                        .columns = columns};
        const int panels = round_up(columns, panel) / panel;
        const std::string shape = fmt::format("{:4} {:5} {:5}", rows, depth, columns);
        const double flops = 2.0 * rows * depth * columns;
        add({"matmul", shape, "hot", flops, true, 0}, [=] { ops::multiply_panels(p, 0, panels); });
        add({"matmul", shape, "cycled", flops, true, 0},
            [=, this, turn = std::size_t{0}, copies = far / sizeof(float) / size]() mutable {
                product there = p;
                there.b = weights_.data() + turn * size;
                turn = (turn + 1) % copies;
                ops::multiply_panels(there, 0, panels);
            });
    }

    // Products with weights in blocks; cycled through more than any cache holds they read memory, one row at a time.
    template <element E, int Out, int In> void blocks(std::initializer_list<int> some_rows) {
        using weights = matrix<Out, In, E>;
        const std::string op = fmt::format("matmul {}", name_of(E));
        const auto all = reinterpret_cast<const weights*>(blocks_.data());
        const std::size_t copies = farther / sizeof(weights);
        for (const int n : some_rows) {
            const auto multiply = [=, this](const weights& w) {
                auto m = basic_workspace<>::over({reinterpret_cast<std::byte*>(scratch_.data()), scratch_bytes});
                const auto x = ops::prepare<E>(const_rows<In>{x_.data(), n}, m);
                ops::multiply(w, absent<void>{}, x, rows<Out>{y_.data(), n}, m);
            };
            const double flops = 2.0 * n * Out * In;
            const std::string shape = fmt::format("{:4} {:5} {:5}", n, In, Out);
            if (n > 1) {
                add({op, shape, "cycled", flops, true, 0, flops / i8_flops_, i8_peak_},
                    [=, turn = std::size_t{0}]() mutable { multiply(all[turn++ % copies]); });
            } else {
                const double bytes = double(sizeof(weights)) * double(copies);
                add({op, shape, "cycled", bytes, false, 0, bytes / double(farther), read_}, [=] {
                    for (std::size_t i = 0; i < copies; ++i) multiply(all[i]);
                });
            }
        }
    }

    void attention(int tokens) {
        constexpr int heads = 12, head_width = 32, width = heads * head_width;
        const auto in = [&](int i) { return rows<width, const float>{x_.data() + i * tokens * width, tokens}; };
        add({"attention", fmt::format("12 x 32, {:4} tokens", tokens), "", 4.0 * tokens * tokens * width, true, 0},
            [=, this, q = in(0), k = in(1), v = in(2)] {
                const std::span memory(reinterpret_cast<std::byte*>(scratch_.data()), scratch_bytes);
                ops::attend<heads, heads, head_width>(q, k, v, rows<width>{y_.data(), tokens}, {}, {}, 0.17677669f,
                                                      ops::everything{}, basic_workspace<>::over(memory));
            });
    }

    void softmax(int width) {
        const int rows = 8192 / width;
        add({"softmax", fmt::format("{:4} rows of {:4}", rows, width), "", 8.0 * rows * width, false, 0}, [=, this] {
            for (int r = 0; r < rows; ++r) ops::softmax(z_.data() + r * width, width);
        });
    }

    void layer_norm(int rows, int width) {
        add({"layer norm", fmt::format("{:4} rows of {:4}", rows, width), "", 8.0 * rows * width, false, 0}, [=, this] {
            ops::layer_norm(x_.data(), width, y_.data(), width, rows, width, bias_.data(), bias_.data(), 1e-12f);
        });
    }

    template <activation A> void activate(const char* name, int count) {
        add({name, fmt::format("{} values", count), "", 8.0 * count, false, 0},
            [=, this] { map(x_.data(), y_.data(), count, [](vec v) { return ops::activate<A>(v); }); });
    }

    void run() { timer_.run(rounds_); }
    [[nodiscard]] double peak() const { return bench::fma_peak::flops / timer_.of(peak_).median() / 1e9; }

    [[nodiscard]] nlohmann::ordered_json json() const {
        nlohmann::ordered_json out{
            {"bench", "ops"},    {"isa", isa_name},       {"compiler", bench::compiler},
            {"rounds", rounds_}, {"peak_gflops", peak()}, {"results", nlohmann::ordered_json::array()}};
        for (const result& r : results_) {
            const bench::times& t = timer_.of(r.number);
            nlohmann::ordered_json one{{"op", r.op}, {"shape", squeeze(r.shape)}};
            if (!r.weights.empty()) one["weights"] = r.weights;
            one["median_us"] = t.median() * 1e6;
            one["min_us"] = t.best() * 1e6;
            one[r.counts_flops ? "gflops" : "gbytes_per_s"] = r.work / t.median() / 1e9;
            if (const double share = share_of(r); share > 0)
                one[r.counts_flops ? "share_of_peak" : "share_of_reading"] = share;
            out["results"].push_back(one);
        }
        return out;
    }

    void print() const {
        fmt::print("one thread, {}, {}: {:.1f} GFLOP/s multiply-add peak; medians of {} rounds\n\n", isa_name,
                   bench::compiler, peak(), rounds_);
        const char* const line = "{:11} {:22} {:7} {:>10} {:>10} {:>9} {:>7} {:>8}\n";
        fmt::print(fmt::runtime(line), "", "shape", "weights", "median µs", "min µs", "GFLOP/s", "limit %", "GB/s");
        for (const result& r : results_) {
            const bench::times& t = timer_.of(r.number);
            const double rate = r.work / t.median() / 1e9;
            fmt::print(fmt::runtime(line), r.op, r.shape, r.weights, fmt::format("{:.2f}", t.median() * 1e6),
                       fmt::format("{:.2f}", t.best() * 1e6), r.counts_flops ? fmt::format("{:.1f}", rate) : "",
                       share_of(r) > 0 ? fmt::format("{:.0f}", 100 * share_of(r)) : "",
                       r.counts_flops ? "" : fmt::format("{:.1f}", rate));
        }
    }
    // Of the limit, 0 where none is known.
    [[nodiscard]] double share_of(const result& r) const {
        const double took = timer_.of(r.number).median();
        if (r.limit > 0) return r.limit * timer_.of(r.limited_by).median() / took;
        return r.counts_flops ? r.work / took / 1e9 / peak() : 0;
    }
    [[nodiscard]] bool empty() const { return results_.empty(); }

  private:
    using product = ops::product<f32>;
    static constexpr std::size_t scratch_bytes =
        either(ops::attend_scratch(512, 32), ops::prepare_room<q8>(512, 1536)); // (of what runs, the most)
    std::string only_;
    int rounds_;
    bench::rounds timer_{1e-3};
    std::size_t peak_;
    std::vector<result> results_;
    bench::numbers blocks_{farther / sizeof(float)};
    double i8_flops_ = bench::run_peak("i8");
    std::size_t i8_peak_ = timer_.add([this] {
        if (bench::run_peak("i8") == 0) bench::run_peak("f32");
    });
    std::size_t read_ = timer_.add([this] { bench::read_all({blocks_.data(), farther / sizeof(float)}); });
    bench::numbers x_{512 * 1536}, y_{512 * 1536}, z_{8192}, bias_{1536}, scratch_{scratch_bytes / sizeof(float)},
        weights_{far / sizeof(float)};

    void add(result r, std::function<void()> call) {
        if ((r.op + " " + squeeze(r.shape) + " " + r.weights).find(only_) == std::string::npos) return;
        r.number = timer_.add(std::move(call));
        results_.push_back(std::move(r));
    }
    static std::string squeeze(const std::string& text) {
        std::string out;
        for (char c : text)
            if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
        return out;
    }
};

} // namespace

int main(int count, char** words) {
    bool json = false;
    int rounds = 31;
    std::string only;
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        if (word == "--json") {
            json = true;
        } else if (word == "--cpu-time") {
            bench::cpu_time = true;
        } else if (word == "--rounds" && i + 1 < count && std::atoi(words[i + 1]) > 0) {
            rounds = std::atoi(words[++i]);
        } else if (word == "--only" && i + 1 < count) {
            only = words[++i];
        } else {
            fmt::print(stderr, "usage: ops [--json] [--rounds N] [--only PART-OF-A-NAME] [--cpu-time]\n");
            return word == "--help" ? 0 : 2;
        }
    }
    suite all(only, rounds);
    for (const int rows : {1, 8, 16, 32, 64, 128, 256}) {
        all.matmul(rows, 384, 384);
        all.matmul(rows, 384, 1536);
        all.matmul(rows, 1536, 384);
    }
    all.matmul(37, 100, 203);
    all.blocks<q8, 1536, 576>({1, 128, 512});
    all.blocks<q4, 1536, 576>({1, 128, 512});
    all.blocks<q8, 576, 1536>({1, 128, 512});
    all.blocks<q4, 576, 1536>({1, 128, 512});
    for (const int tokens : {16, 128, 512}) all.attention(tokens);
    for (const int width : {16, 128, 512}) all.softmax(width);
    all.layer_norm(128, 384);
    all.activate<activation::gelu>("gelu", 8 * 1536);
    all.activate<activation::gelu_tanh>("gelu tanh", 8 * 1536);
    if (all.empty()) {
        fmt::print(stderr, "ops: nothing here is named {}\n", only);
        return 2;
    }
    all.run();
    if (json)
        fmt::print("{}\n", all.json().dump(2));
    else
        all.print();
}
