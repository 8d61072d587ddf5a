// metrics: how good answers are. Equal to scikit-learn's and scipy's, in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace constformer::metrics {

inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN(); // as where nothing was answered

// The share of answers that are right. sklearn.metrics.accuracy_score.
[[nodiscard]] inline double accuracy(std::span<const int> found, std::span<const int> wanted) {
    if (found.empty()) return undefined;
    double right = 0;
    for (std::size_t i = 0; i < found.size(); ++i) right += found[i] == wanted[i];
    return right / double(found.size());
}

// 2 · precision · recall / (precision + recall) of label `positive`; 0 where there is none.
// sklearn.metrics.f1_score(wanted, found, pos_label=positive).
[[nodiscard]] inline double f1(std::span<const int> found, std::span<const int> wanted, int positive = 1) {
    if (found.empty()) return undefined;
    double both = 0, either = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        both += found[i] == positive && wanted[i] == positive;
        either += (found[i] == positive) + (wanted[i] == positive);
    }
    return either == 0 ? 0 : 2 * both / either;
}

// Matthews' correlation of any number of labels (Gorodkin 2004); 0 where one side has a single label.
// sklearn.metrics.matthews_corrcoef.
[[nodiscard]] inline double matthews(std::span<const int> found, std::span<const int> wanted) {
    if (found.empty()) return undefined;
    std::map<int, std::pair<double, double>> times; // each label was found, and wanted
    double right = 0;
    const double all = double(found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        ++times[found[i]].first, ++times[wanted[i]].second;
        right += found[i] == wanted[i];
    }
    double mixed = 0, of_found = 0, of_wanted = 0;
    for (const auto& [label, count] : times) {
        mixed += count.first * count.second;
        of_found += count.first * count.first, of_wanted += count.second * count.second;
    }
    const double spread = (all * all - of_found) * (all * all - of_wanted);
    return spread == 0 ? 0 : (right * all - mixed) / std::sqrt(spread);
}

// The linear correlation; undefined where one side is constant. scipy.stats.pearsonr.
[[nodiscard]] inline double pearson(std::span<const double> x, std::span<const double> y) {
    if (x.size() < 2) return undefined;
    const auto mean = [](std::span<const double> v) {
        return std::accumulate(v.begin(), v.end(), 0.0) / double(v.size());
    };
    const double of_x = mean(x), of_y = mean(y);
    double both = 0, xs = 0, ys = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        both += (x[i] - of_x) * (y[i] - of_y);
        xs += (x[i] - of_x) * (x[i] - of_x), ys += (y[i] - of_y) * (y[i] - of_y);
    }
    if (xs == 0 || ys == 0) return undefined;
    return std::clamp(both / (std::sqrt(xs) * std::sqrt(ys)), -1.0, 1.0);
}

// The ranks 1, 2, … of values; equal ones share the mean of theirs. scipy.stats.rankdata.
[[nodiscard]] inline std::vector<double> ranks(std::span<const double> x) {
    std::vector<std::size_t> order(x.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
    std::vector<double> result(x.size());
    for (std::size_t i = 0, end; i < order.size(); i = end) {
        for (end = i + 1; end < order.size() && x[order[end]] == x[order[i]];) ++end;
        for (std::size_t j = i; j < end; ++j) result[order[j]] = double(i + 1 + end) / 2;
    }
    return result;
}

// The correlation of ranks. scipy.stats.spearmanr.
[[nodiscard]] inline double spearman(std::span<const double> x, std::span<const double> y) {
    return pearson(ranks(x), ranks(y));
}

} // namespace constformer::metrics
