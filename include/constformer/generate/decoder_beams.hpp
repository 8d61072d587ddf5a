// decoder_beams: beams in a decoder, each with a cache of its own. A beam that forks copies what the prompt does not
// give.
#pragma once

#include "constformer/generate/prefill.hpp"

#include <numeric>
#include <vector>

namespace constformer::inline CONSTFORMER_ISA {

// A beam_source (generate/beam.hpp) over a model, a prompt, and memory for its caches and its forwards.
template <class Model, class Threads = sequential> class decoder_beams {
  public:
    using state = typename Model::state;
    static constexpr std::size_t bytes(int beams, int capacity) { return std::size_t(beams) * state::bytes(capacity); }

    // `caches`: bytes(beams, capacity) of them; `scratch`: prefill_scratch<Model>(block, capacity, threads). The model,
    // the memory and the prompt must outlive this.
    decoder_beams(const Model& model, std::span<const int> prompt, std::span<std::byte> caches,
                  std::span<std::byte> scratch, int beams, int capacity, int block, Threads threads = {})
        : model_(&model), prompt_(prompt), scratch_(scratch), capacity_(capacity), block_(block), threads_(threads),
          slot_(std::size_t(beams)), next_(std::size_t(beams)) {
        auto m = basic_workspace<>::over(caches);
        for (int i = 0; i < beams; ++i) {
            const auto one = m.template bytes<std::byte>(state::bytes(capacity));
            slots_.push_back(state::in(basic_workspace<>::over({one, state::bytes(capacity)}), capacity));
        }
    }

    [[nodiscard]] int vocabulary() const { return Model::outputs; }
    // The last token of a text is not read any more.
    [[nodiscard]] int most_new() const { return capacity_ - int(prompt_.size()) + 1; }

    [[nodiscard]] status first(std::span<float> logits) {
        slots_[0].rewind(0);
        const auto done =
            prefill(*model_, prompt_, slots_[0], {logits.data(), 1}, block_, workspace(), [] { return true; });
        if (!done) return done.error();
        for (std::size_t i = 1; i < slots_.size(); ++i) slots_[i].copy(slots_[0]);
        slot_[0] = 0;
        return {};
    }

    [[nodiscard]] status next(std::span<const int> tokens, std::span<const int> parents, std::span<float> logits) {
        // The first beam that goes on from a slot has it; the others copy it to slots that nobody goes on from.
        std::vector<bool> taken(slots_.size());
        for (std::size_t i = 0; i < parents.size(); ++i) {
            const int from = slot_[std::size_t(parents[i])];
            next_[i] = taken[std::size_t(from)] ? -1 : from;
            taken[std::size_t(from)] = true;
        }
        for (std::size_t i = 0, free = 0; i < parents.size(); ++i) {
            if (next_[i] >= 0) continue;
            while (taken[free]) ++free;
            slots_[free].copy(slots_[std::size_t(slot_[std::size_t(parents[i])])], int(prompt_.size()));
            taken[free] = true;
            next_[i] = int(free);
        }
        slot_.swap(next_);
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            const auto row = logits.subspan(i * std::size_t(Model::outputs), std::size_t(Model::outputs));
            if (status ok =
                    model_->forward(tokens.subspan(i, 1), slots_[std::size_t(slot_[i])], {row.data(), 1}, workspace());
                !ok)
                return ok;
        }
        return {};
    }

  private:
    const Model* model_;
    std::span<const int> prompt_;
    std::span<std::byte> scratch_;
    int capacity_, block_;
    [[no_unique_address]] Threads threads_;
    std::vector<state> slots_;
    std::vector<int> slot_, next_; // of each beam

    [[nodiscard]] basic_workspace<silent, Threads> workspace() const {
        return basic_workspace<silent, Threads>::over(scratch_, {}, threads_);
    }
};

} // namespace constformer::inline CONSTFORMER_ISA
