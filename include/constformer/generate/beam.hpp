// beam: the most probable texts, of several that are kept side by side. It knows no model: what maps tokens to scores
// and can fork is a source, a decoder with its cache or an encoder-decoder alike.
#pragma once

#include "constformer/generate/logits.hpp"
#include "constformer/ops/log_sum.hpp"

#include <algorithm>
#include <climits>
#include <cmath>
#include <concepts>
#include <vector>

namespace constformer {

// When a search is over. Transformers: early_stopping=False, True, "never".
enum class beam_end {
    likely, // the best that goes on would not beat the worst found, if it ended here
    full,   // as many texts as beams have ended
    certain // nothing that goes on can beat the worst found, however long it becomes
};

struct beam_options {
    int beams = 4;            // texts that are kept side by side
    int best = 1;             // texts that are returned, at most `beams`
    int most_new = 64;        // tokens of a text
    float length_penalty = 1; // a text's score is its logarithm of probability / tokens^length_penalty
    beam_end end = beam_end::likely;
};

// Errors: one sentence for each number outside of its range.
[[nodiscard]] inline status check(const beam_options& o) {
    if (o.beams < 1) return error("beams: ", o.beams, " beams, at least 1 is needed");
    if (o.beams > 256) return error("beams: ", o.beams, " beams, at most 256 are kept side by side");
    if (o.best < 1 || o.best > o.beams)
        return error("beams: the ", o.best, " best were asked for of ", o.beams, " beams");
    if (o.most_new < 1) return error("beams: ", o.most_new, " new tokens, at least 1 is needed");
    if (!(o.length_penalty - o.length_penalty == 0)) return error("beams: the length penalty must be a number");
    return {};
}

// A text that was found, best first.
struct beam_text {
    std::vector<int> ids; // the token that ended it included
    float score;
};

// What beams are searched in. Tokens and parents have an entry a beam: beam i goes on from what was beam parents[i]
// with tokens[i]. Logits: (beams, vocabulary).
template <class T>
concept beam_source = requires(T source, std::span<const int> tokens, std::span<float> logits) {
    { source.vocabulary() } -> std::same_as<int>;
    { source.most_new() } -> std::same_as<int>;       // tokens that there is room for
    { source.first(logits) } -> std::same_as<status>; // one row, of the text so far
    { source.next(tokens, tokens, logits) } -> std::same_as<status>;
};

inline namespace CONSTFORMER_ISA {

// The search itself, a step at a time, as Transformers' generate(num_beams=…) does it, to the token.
class beam_search {
  public:
    // Options are to be checked first. ends: the tokens that end a text. normalized: what is given are logarithms of
    // probabilities, of which some may have been taken away.
    beam_search(const beam_options& options, int vocabulary, std::span<const int> ends, bool normalized = false)
        : options_(options), vocabulary_(vocabulary), normalized_(normalized), ends_(ends.begin(), ends.end()),
          running_(1, {0, none}), found_(std::size_t(options.beams), {lowest, none, 0, false}) {
        // Each step remembers those that go on and those that end.
        steps_.reserve(std::size_t(std::min(options.most_new, 1 << 16)) * 2 * std::size_t(options.beams));
    }

    [[nodiscard]] bool done() const { return done_; }
    // Of each beam: its newest token, and the beam that it goes on from.
    [[nodiscard]] std::span<const int> tokens() const { return tokens_; }
    [[nodiscard]] std::span<const int> parents() const { return parents_; }

    // Takes the logits of every beam, one at first, and goes a step. Errors: they are not numbers.
    [[nodiscard]] status advance(std::span<const float> logits) {
        if (status ok = check_logits(logits, "beams"); !ok) return ok;
        ++length_; // of the texts that are now made
        rank(logits);
        const auto beams = std::size_t(options_.beams);
        const float divisor = float(std::pow(double(length_), double(options_.length_penalty)));
        const bool last = length_ >= options_.most_new;
        const bool full = all_found();

        ended_.clear(), running_.clear(), tokens_.clear(), parents_.clear();
        for (std::size_t i = 0; i < ranked_.size(); ++i) {
            const continuation& one = ranked_[i];
            const bool ends = std::find(ends_.begin(), ends_.end(), one.token) != ends_.end();
            if (!ends && running_.size() < beams && !last) {
                running_.push_back({one.score, remember(one)});
                tokens_.push_back(one.token), parents_.push_back(one.beam);
            }
            if ((ends || last) && i < beams && !(full && options_.end == beam_end::full) && improves_)
                ended_.push_back({one.score / divisor, remember(one), length_, true});
        }
        for (const text& one : ended_) { // those found before come first among equals
            const auto place = std::upper_bound(found_.begin(), found_.end(), one,
                                                [](const text& a, const text& b) { return a.score > b.score; });
            if (place == found_.end()) continue;
            found_.insert(place, one);
            found_.pop_back();
        }
        if (running_.empty()) {
            done_ = true;
            return {};
        }
        const int hypothetical =
            options_.end == beam_end::certain && options_.length_penalty > 0 ? options_.most_new : length_;
        const float possible =
            running_[0].score / float(std::pow(double(hypothetical), double(options_.length_penalty)));
        improves_ = improves_ && possible > (all_found() ? found_.back().score : lowest);
        done_ = !improves_ || (all_found() && options_.end == beam_end::full);
        return {};
    }

    // The best texts found, when it is done.
    [[nodiscard]] std::vector<beam_text> texts() const {
        std::vector<beam_text> result;
        for (const text& one : found_)
            if (one.ended && int(result.size()) < options_.best) result.push_back({tokens_of(one.last), one.score});
        return result;
    }

  private:
    static constexpr float lowest = -1e9f;
    static constexpr int none = -1;
    struct step { // a token and the one before it
        int token, before;
    };
    struct beam {
        float score;
        int last; // in steps_
    };
    struct text {
        float score;
        int last, length;
        bool ended;
    };
    struct continuation {
        float score;
        int beam, token;
    };

    beam_options options_;
    int vocabulary_, length_ = 0;
    bool normalized_;
    bool improves_ = true, done_ = false;
    std::vector<int> ends_, tokens_, parents_;
    std::vector<beam> running_, before_; // of this step, of the one before
    std::vector<text> found_, ended_;    // best first; in this step
    std::vector<continuation> ranked_;
    std::vector<step> steps_;

    [[nodiscard]] bool all_found() const {
        return std::all_of(found_.begin(), found_.end(), [](const text& one) { return one.ended; });
    }
    int remember(const continuation& one) {
        steps_.push_back({one.token, before_[std::size_t(one.beam)].last});
        return int(steps_.size()) - 1;
    }
    [[nodiscard]] std::vector<int> tokens_of(int last) const {
        std::vector<int> ids;
        for (; last != none; last = steps_[std::size_t(last)].before) ids.push_back(steps_[std::size_t(last)].token);
        std::reverse(ids.begin(), ids.end());
        return ids;
    }
    // The best continuations of all beams, as many as it takes for `beams` of them to go on, best first.
    void rank(std::span<const float> logits) {
        const std::size_t wanted = std::max<std::size_t>(2, 1 + ends_.size()) * std::size_t(options_.beams);
        const auto better = [](const continuation& a, const continuation& b) {
            if (a.score != b.score) return a.score > b.score;
            return a.beam != b.beam ? a.beam < b.beam : a.token < b.token;
        };
        ranked_.clear(); // a heap with the worst at its front
        before_ = running_;
        for (std::size_t b = 0; b < running_.size(); ++b) {
            const float* const row = logits.data() + b * std::size_t(vocabulary_);
            const float all = normalized_ ? 0.0f : ops::log_sum(row, vocabulary_);
            for (int t = 0; t < vocabulary_; ++t) {
                const continuation one{(row[t] - all) + running_[b].score, int(b), t};
                if (ranked_.size() == wanted) {
                    if (!better(one, ranked_.front())) continue;
                    std::pop_heap(ranked_.begin(), ranked_.end(), better);
                    ranked_.back() = one;
                } else {
                    ranked_.push_back(one);
                }
                std::push_heap(ranked_.begin(), ranked_.end(), better);
            }
        }
        std::sort_heap(ranked_.begin(), ranked_.end(), better);
    }
};

// Searches in a source. Errors: those of check(beam_options), of the source, and scores that are not numbers.
template <beam_source Source>
[[nodiscard]] expected<std::vector<beam_text>> search_beams(Source& source, beam_options options,
                                                            std::span<const int> ends) {
    if (status ok = check(options); !ok) return ok.error();
    options.most_new = std::min(options.most_new, source.most_new());
    if (options.most_new < 1) return error("beams: there is no room for a new token");
    const auto vocabulary = std::size_t(source.vocabulary());
    std::vector<float> logits(std::size_t(options.beams) * vocabulary);
    if (status ok = source.first(std::span(logits).first(vocabulary)); !ok) return ok.error();
    beam_search search(options, int(vocabulary), ends, requires { Source::normalized; });
    if (status ok = search.advance(std::span(logits).first(vocabulary)); !ok) return ok.error();
    while (!search.done()) {
        const auto rows = std::span(logits).first(search.tokens().size() * vocabulary);
        if (status ok = source.next(search.tokens(), search.parents(), rows); !ok) return ok.error();
        if (status ok = search.advance(rows); !ok) return ok.error();
    }
    return search.texts();
}

} // namespace CONSTFORMER_ISA
} // namespace constformer
