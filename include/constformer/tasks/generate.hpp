// generate: a prompt goes on as text, a few characters at a time.
#pragma once

#include "constformer/generate/beam.hpp"
#include "constformer/generate/decoder_beams.hpp"
#include "constformer/generate/sampling.hpp"
#include "constformer/generate/stop.hpp"
#include "constformer/tasks/engine.hpp"
#include "constformer/text/token_stream.hpp"

namespace constformer {

struct generate_options {
    sampling_options sampling{};
    int most_new = 256;                   // tokens
    std::span<const std::string> stops{}; // texts that end it, and are not shown
    int lookup = 0;      // tokens that are guessed ahead, from what followed the same words before; at most 8
    bool special = true; // the prompt gets the tokens that the model wants around a text
};

// Why a text ended.
enum class stop_reason {
    end,       // the model ended it
    stop,      // a stop string came
    length,    // it has as many tokens as were asked for
    full,      // the context has no room for another one
    cancelled, // the callback said so
};
constexpr std::string_view name_of(stop_reason why) {
    constexpr std::string_view names[] = {"end", "stop", "length", "full", "cancelled"};
    return names[int(why)];
}

struct generation {
    stop_reason why;
    int prompt = 0; // tokens of it, `reused` of which were in the cache already
    int reused = 0;
    int made = 0;     // new tokens, the one that ended it included
    int forwards = 0; // that it took behind the prompt: fewer than tokens where guesses were right
};

inline namespace CONSTFORMER_ISA {

// Text from a decoder: a raw model or what dispatch() made of it. Model and tokenizer must outlive this; the memory is
// placed once. What the cache holds of the last text is used again where the next one begins alike.
//     text_generator model(*net, *words, 2048, ends);
//     model.generate("Once upon a time", {}, [](std::string_view more) { return bool(std::cout << more); });
template <class Model, tokenizer Words, class Threads = sequential> class text_generator {
  public:
    // `context`: tokens that fit into the cache, the prompt's included, at most the model's positions; `ends`: tokens
    // that end a text; `block`: tokens of a prompt that are read at a time.
    text_generator(const Model& model, const Words& words, int context, std::span<const int> ends, Threads threads = {},
                   int block = 128)
        : model_(&model), words_(&words), context_(std::clamp(context, 1, model.config.positions)),
          block_(std::clamp(block, 1, context_)), ends_(ends.begin(), ends.end()), threads_(threads),
          cache_(Model::state::bytes(context_)),
          scratch_(either(prefill_scratch<Model>(block_, context_, threads.size()),
                          causal_scratch<Model>(most_guesses + 1, context_, most_guesses + 1, threads.size()))),
          past_(Model::state::in(basic_workspace<>::over(cache_.bytes()), context_)),
          logits_(std::size_t(Model::outputs)) {
        ids_.reserve(std::size_t(context_) + 1 + most_guesses);
    }
    text_generator(const text_generator&) = delete;
    text_generator& operator=(const text_generator&) = delete;

    [[nodiscard]] int context() const { return context_; }
    // Bytes of the cache and of the scratch.
    [[nodiscard]] std::size_t bytes() const { return cache_.bytes().size() + scratch_.bytes().size(); }

    // Goes on from `prompt`. show(std::string_view) -> bool gets the text as it comes, in whole characters; it is
    // called between blocks of the prompt with nothing, too, and ends it all by false. Errors: a prompt that is empty,
    // not UTF-8 or longer than the context; options outside of their range; scores that are not numbers.
    template <class F>
    [[nodiscard]] expected<generation> generate(std::string_view prompt, const generate_options& options, F&& show) {
        if (status ok = words_->encode(prompt, text_, {.special = options.special}); !ok) return ok.error();
        return generate(std::span<const int>(text_.ids), options, show);
    }
    template <class F>
    [[nodiscard]] expected<generation> generate(std::span<const int> prompt, const generate_options& options,
                                                F&& show) {
        if (status ok = check(options.sampling); !ok) return ok.error();
        if (options.most_new < 1) return error("generate: ", options.most_new, " new tokens, at least 1 is needed");
        if (status ok = check_prompt(prompt); !ok) return ok.error();
        generation result{.why = stop_reason::cancelled, .prompt = int(prompt.size())};
        const std::span<const int> known(ids_.data(), std::size_t(past_.length()));
        result.reused = shared_beginning(known, prompt);
        past_.rewind(result.reused);
        ids_.assign(prompt.begin(), prompt.end());
        const settling behind{this};
        if (options.lookup < 0 || options.lookup > most_guesses)
            return error("generate: ", options.lookup, " tokens are to be guessed, 0 to ", most_guesses, " can be");
        if (const auto size = std::size_t(options.lookup + 1) * Model::outputs; logits_.size() < size)
            logits_.resize(size);
        const rows<Model::outputs> logits{logits_.data(), 1};
        const auto read = prefill(*model_, prompt.subspan(std::size_t(result.reused)), past_, logits, block_,
                                  workspace(), [&] { return bool(show(std::string_view())); });
        if (!read) return read.error();
        if (!*read) return result;

        sampler draw(options.sampling, Model::outputs);
        token_stream<Words> stream(*words_, {.continues = true});
        stop_strings stop(options.stops);
        const auto pass = [&](std::string_view text) { return text.empty() || show(text); };
        int guessed = 0, right = 0; // tokens that were read ahead; how many of them came
        for (;;) {
            const auto token = draw.next(
                std::span(logits_).subspan(std::size_t(right) * Model::outputs, std::size_t(Model::outputs)), ids_);
            if (!token) return token.error();
            ++result.made;
            ids_.push_back(*token);
            const bool ended = std::find(ends_.begin(), ends_.end(), *token) != ends_.end();
            if (!ended && !pass(stop.push(stream.push(*token)))) return result;
            if (ended)
                result.why = stop_reason::end;
            else if (stop.stopped())
                result.why = stop_reason::stop;
            else if (result.made == options.most_new)
                result.why = stop_reason::length;
            else if (int(ids_.size()) > context_)
                result.why = stop_reason::full;
            else if (right < guessed && guesses_[std::size_t(right)] == *token) {
                ++right; // it has been read already
                continue;
            } else {
                past_.rewind(int(ids_.size()) - 1);
                right = 0, guessed = guess(std::min(options.lookup, context_ - int(ids_.size())));
                ids_.insert(ids_.end(), guesses_.begin(), guesses_.begin() + guessed);
                ++result.forwards;
                const status ok = model_->forward(std::span(ids_).last(std::size_t(guessed) + 1), past_,
                                                  {logits_.data(), guessed + 1}, workspace());
                ids_.resize(ids_.size() - std::size_t(guessed));
                if (!ok) return ok.error();
                continue;
            }
            if (!pass(stop.push(stream.finish())) || !pass(stop.finish())) result.why = stop_reason::cancelled;
            return result;
        }
    }

    // The most probable texts that `prompt` goes on as, best first, without the prompt. The cache is not touched.
    // Errors: those of generate() and of the beams' options.
    [[nodiscard]] expected<std::vector<std::pair<std::string, float>>>
    search(std::string_view prompt, const beam_options& options, bool special = true) {
        if (status ok = words_->encode(prompt, text_, {.special = special}); !ok) return ok.error();
        if (status ok = check(options); !ok) return ok.error();
        if (status ok = check_prompt(text_.ids); !ok) return ok.error();
        const int capacity = int(std::min<long long>(context_, (long long)text_.ids.size() + options.most_new));
        const aligned_memory caches(decoder_beams<Model, Threads>::bytes(options.beams, capacity));
        decoder_beams<Model, Threads> source(*model_, text_.ids, caches.bytes(), scratch_.bytes(), options.beams,
                                             capacity, block_, threads_);
        const auto found = search_beams(source, options, ends_);
        if (!found) return found.error();
        std::vector<std::pair<std::string, float>> texts;
        for (const beam_text& one : *found) {
            token_stream<Words> stream(*words_, {.continues = true});
            std::string text;
            for (const int id : one.ids)
                if (std::find(ends_.begin(), ends_.end(), id) == ends_.end()) text += stream.push(id);
            text += stream.finish();
            texts.emplace_back(std::move(text), one.score);
        }
        return texts;
    }

    // The logarithm of each token's probability behind those before it, ids[1] on. Errors: fewer than 2 ids, more than
    // the context; those of generate().
    [[nodiscard]] expected<std::vector<float>> score(std::span<const int> ids) {
        if (ids.size() < 2) return error("generate: ", ids.size(), " tokens cannot be scored, at least 2 are needed");
        if (status ok = check_prompt(ids); !ok) return ok.error();
        constexpr int most = 16; // rows of logits at a time
        std::vector<float> scores, logits(std::size_t(most) * std::size_t(Model::outputs));
        const aligned_memory memory(causal_scratch<Model>(most, context_, most, threads_.size()));
        past_.rewind(0);
        for (std::size_t at = 0; at + 1 < ids.size(); at += most) {
            const auto some = ids.subspan(at, std::min<std::size_t>(most, ids.size() - 1 - at));
            const rows<Model::outputs> all{logits.data(), int(some.size())};
            const auto m = basic_workspace<silent, Threads>::over(memory.bytes(), {}, threads_);
            if (status ok = model_->forward(some, past_, all, m); !ok) return ok.error();
            for (int i = 0; i < all.count; ++i) {
                if (status ok = check_logits({all[i], std::size_t(Model::outputs)}, "generate"); !ok) return ok.error();
                scores.push_back(all[i][ids[at + std::size_t(i) + 1]] - ops::log_sum(all[i], Model::outputs));
            }
        }
        ids_.assign(ids.begin(), ids.end());
        return scores;
    }

  private:
    const Model* model_;
    const Words* words_;
    int context_, block_;
    std::vector<int> ends_;
    [[no_unique_address]] Threads threads_;
    aligned_memory cache_, scratch_;
    typename Model::state past_;
    std::vector<float> logits_;
    static constexpr int most_guesses = 8;
    std::vector<int> ids_; // of the last text, of which the cache holds the first past_.length()
    std::array<int, std::size_t(most_guesses)> guesses_;
    encoding text_;

    // Behind a text: the cache forgets guesses that did not come.
    struct settling {
        text_generator* of;
        ~settling() { of->past_.rewind(std::max(int(of->ids_.size()) - 1, 0)); }
    };
    // Up to `most` tokens that followed when the last three, or two, came before (Saxena 2023, "prompt lookup").
    int guess(int most) {
        for (std::size_t same = 3; same > 1 && most > 0 && ids_.size() > same; --same) {
            const auto last = ids_.end() - std::ptrdiff_t(same);
            const auto found = std::find_end(ids_.begin(), ids_.end() - 1, last, ids_.end());
            if (found == ids_.end() - 1) continue;
            const auto next = found + std::ptrdiff_t(same);
            const int count = std::min(most, int(ids_.end() - next));
            std::copy_n(next, count, guesses_.begin());
            return count;
        }
        return 0;
    }

    [[nodiscard]] status check_prompt(std::span<const int> prompt) const {
        if (prompt.empty()) return error("generate: the prompt is empty; it needs at least one token");
        if (prompt.size() > std::size_t(context_))
            return error("generate: a prompt of ", prompt.size(), " tokens, the context has room for ", context_);
        return {};
    }
    [[nodiscard]] basic_workspace<silent, Threads> workspace() const {
        return basic_workspace<silent, Threads>::over(scratch_.bytes(), {}, threads_);
    }
};

} // namespace CONSTFORMER_ISA
} // namespace constformer
