// open_pipeline: a pipeline from a packed weights file: the weights mapped, the tokenizer read from beside them, the
// kernels of the best instruction set chosen.
#pragma once

#include "constformer/files/packed_file.hpp"
#include "constformer/tasks/pipeline.hpp"

#include <memory>

namespace constformer::inline CONSTFORMER_ISA {

// A pipeline and all that it stands on. Move only; called as the pipeline is.
template <task T, class Model, tokenizer Words> class opened_pipeline {
  public:
    using type = pipeline<T, dispatched<Model>, Words>;

    auto operator()(auto&&... given) { return (*made_)(std::forward<decltype(given)>(given)...); }
    [[nodiscard]] type& operator*() { return *made_; }
    [[nodiscard]] type* operator->() { return made_.get(); }

    // Errors: those of open_packed, of the tokenizer and of dispatch.
    template <class Config>
    static expected<opened_pipeline> open(const std::string& path, const Config& config,
                                          const pipeline_options& options) {
        auto file = open_packed<Model>(path);
        if (!file) return file.error();
        auto words = read_tokenizer<Words>(file->text(), config);
        if (!words) return words.error();
        const auto net = dispatch(**file);
        if (!net) return net.error();
        return opened_pipeline(std::move(*file), std::move(*words), *net, options);
    }

  private:
    mapped_weights<Model> file_;
    std::unique_ptr<const Words> words_;
    std::unique_ptr<const dispatched<Model>> net_;
    std::unique_ptr<type> made_;

    opened_pipeline(mapped_weights<Model>&& file, Words&& words, const dispatched<Model>& net,
                    const pipeline_options& options)
        : file_(std::move(file)), words_(std::make_unique<const Words>(std::move(words))),
          net_(std::make_unique<const dispatched<Model>>(net)), made_(std::make_unique<type>(*net_, *words_, options)) {
    }
};

// A pipeline over the weights file that tools/constformer or pack_file wrote; config: the tokenizer's, as the
// checkpoint's header has it. Errors: above. Transformers: pipeline(task, folder).
//     auto fill = open_pipeline<task::fill_mask, bert_masked_lm<my_bert>>("my_bert.weights", wordpiece_config{});
//     const auto found = (*fill)("Paris is the [MASK] of France.");
template <task T, class Model, tokenizer Words = wordpiece, class Config>
[[nodiscard]] expected<opened_pipeline<T, Model, Words>> open_pipeline(const std::string& path, const Config& config,
                                                                       const pipeline_options& options = {}) {
    return opened_pipeline<T, Model, Words>::open(path, config, options);
}

} // namespace constformer::inline CONSTFORMER_ISA
