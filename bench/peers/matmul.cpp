// y = x W in f32 through Constformer, OpenBLAS, oneDNN and Eigen, one thread, in turns, on the same numbers. Prints
// JSON; matmul.py sets the environment, runs this and prints the table.
//   peers-matmul ROUNDS [cpu-time]
#include "constformer/ops/matmul.hpp"
#include "../support/measure.hpp"
#include "constformer/core/tensor.hpp"
#include "constformer/core/workspace.hpp"

#include <cblas.h>
#include <cmath>
#include <cstdio>
#include <dnnl.hpp>
#include <eigen3/Eigen/Core>
#include <nlohmann/json.hpp>
#include <string>

using namespace constformer;

namespace {

constexpr std::size_t far = 40 << 20; // bytes: more than most last-level caches

// oneDNN with weights in the layout that it likes best for this shape: an inner product of inference.
class packed_onednn {
  public:
    packed_onednn(int rows, int depth, int columns, int copies, const std::vector<float>& weights) {
        using namespace dnnl;
        using tag = memory::format_tag;
        const auto f32 = memory::data_type::f32;
        const memory::desc x({rows, depth}, f32, tag::nc), w({columns, depth}, f32, tag::any),
            y({rows, columns}, f32, tag::nc);
        const inner_product_forward::primitive_desc about(
            inner_product_forward::desc(prop_kind::forward_inference, x, w, y), engine_);
        product_ = inner_product_forward(about);
        x_ = memory(x, engine_, nullptr), y_ = memory(y, engine_, nullptr);
        const memory::desc plain({columns, depth}, f32, tag::io); // (depth, columns), row-major
        for (int c = 0; c < copies; ++c) {
            memory from(plain, engine_, const_cast<float*>(weights.data())), to(about.weights_desc(), engine_);
            reorder(from, to).execute(stream_, from, to);
            stream_.wait();
            weights_.push_back(to);
        }
    }
    void run(const float* x, int copy, float* y) {
        x_.set_data_handle(const_cast<float*>(x)), y_.set_data_handle(y);
        product_.execute(stream_,
                         {{DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, weights_[std::size_t(copy)]}, {DNNL_ARG_DST, y_}});
        stream_.wait();
    }

  private:
    dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream_{engine_};
    dnnl::inner_product_forward product_;
    dnnl::memory x_, y_;
    std::vector<dnnl::memory> weights_;
};

// One row of the table: a shape, hot or cycled.
template <int Depth, int Columns> nlohmann::ordered_json row(int rows, bool cycled, int rounds) {
    using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    constexpr std::size_t size = std::size_t(Depth) * Columns;
    const int copies = cycled ? int(far / sizeof(float) / size) : 1;
    const bench::numbers numbers(size + std::size_t(rows) * Depth);
    const float* const x = numbers.data() + size;
    const std::vector<float> one(numbers.data(), numbers.data() + size); // (depth, columns)
    bench::numbers plain(size * std::size_t(copies));
    std::vector<matrix<Columns, Depth, f32>> ours{std::size_t(copies)};
    for (int c = 0; c < copies; ++c) {
        std::copy(one.begin(), one.end(), plain.data() + std::size_t(c) * size);
        float line[Depth];
        for (int o = 0; o < Columns; ++o) {
            for (int k = 0; k < Depth; ++k) line[k] = one[std::size_t(k) * Columns + std::size_t(o)];
            ours[std::size_t(c)].put(o, line);
        }
    }
    packed_onednn packed(rows, Depth, Columns, copies, one);

    const auto width = std::size_t(rows) * Columns;
    const auto w = [&](int copy) { return plain.data() + std::size_t(copy) * size; };
    std::vector<std::pair<std::string, std::function<void(int, float*)>>> engines{
        {"Constformer",
         [&](int copy, float* y) {
             ops::multiply(ours[std::size_t(copy)], absent<vector<Columns>>{}, const_rows<Depth>{x, rows},
                           ::rows<Columns>{y, rows}, basic_workspace<>::over({}));
         }},
        {"OpenBLAS",
         [&](int copy, float* y) {
             cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, Columns, Depth, 1, x, Depth, w(copy), Columns,
                         0, y, Columns);
         }},
        {"oneDNN sgemm",
         [&](int copy, float* y) {
             dnnl_sgemm('N', 'N', rows, Columns, Depth, 1, x, Depth, w(copy), Columns, 0, y, Columns);
         }},
        {"oneDNN packed", [&](int copy, float* y) { packed.run(x, copy, y); }},
        {"Eigen", [&](int copy, float* y) {
             Eigen::Map<row_major>(y, rows, Columns).noalias() =
                 Eigen::Map<const row_major>(x, rows, Depth) * Eigen::Map<const row_major>(w(copy), Depth, Columns);
         }}};

    bench::rounds timer(1e-3);
    const auto peak = timer.add(bench::fma_peak{});
    std::vector<std::size_t> numbered;
    std::vector<std::vector<float>> answers(engines.size(), std::vector<float>(width));
    for (std::size_t e = 0; e < engines.size(); ++e)
        numbered.push_back(timer.add([&, e, turn = 0]() mutable {
            engines[e].second(turn, answers[e].data());
            turn = (turn + 1) % copies;
        }));
    timer.run(rounds);

    const double flops = 2.0 * rows * Depth * Columns, top = bench::fma_peak::flops / timer.of(peak).median() / 1e9;
    nlohmann::ordered_json out{{"rows", rows},
                               {"depth", Depth},
                               {"columns", Columns},
                               {"weights", cycled ? "cycled" : "hot"},
                               {"peak_gflops", top}};
    for (std::size_t e = 0; e < engines.size(); ++e) {
        for (std::size_t i = 0; i < width; ++i)
            if (!(std::abs(answers[e][i] - answers[0][i]) < 1e-3)) {
                std::fprintf(stderr, "peers-matmul: %s answers %g where Constformer answers %g\n",
                             engines[e].first.c_str(), double(answers[e][i]), double(answers[0][i]));
                std::exit(1);
            }
        const bench::times& t = timer.of(numbered[e]);
        out["engines"][engines[e].first] = {
            {"median_us", t.median() * 1e6}, {"min_us", t.best() * 1e6}, {"gflops", flops / t.median() / 1e9}};
    }
    return out;
}

} // namespace

int main(int count, char** words) {
    const int rounds = count > 1 ? std::atoi(words[1]) : 0;
    if (rounds < 1) return std::fprintf(stderr, "usage: peers-matmul ROUNDS [cpu-time]\n"), 2;
    bench::cpu_time = count > 2 && std::string_view(words[2]) == "cpu-time";
    openblas_set_num_threads(1);
    nlohmann::ordered_json out{{"isa", isa_name},
                               {"compiler", bench::compiler},
                               {"openblas", openblas_get_config()},
                               {"openblas_core", openblas_get_corename()},
                               {"results", nlohmann::ordered_json::array()}};
    const dnnl_version_t& v = *dnnl_version();
    out["onednn"] = std::to_string(v.major) + "." + std::to_string(v.minor) + "." + std::to_string(v.patch);
    out["eigen"] = std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
                   std::to_string(EIGEN_MINOR_VERSION);
    for (const bool cycled : {false, true}) {
        for (const int rows : {8, 16, 32, 64, 128}) out["results"].push_back(row<384, 1536>(rows, cycled, rounds));
        out["results"].push_back(row<384, 384>(128, cycled, rounds));
        out["results"].push_back(row<1536, 384>(128, cycled, rounds));
    }
    std::puts(out.dump().c_str());
}
