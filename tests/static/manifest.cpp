// What a model holds is known while compiling: paths, shapes, offsets, sizes.
#include "kernels/minilm_l6.hpp"
#include "kernels/tiny.hpp"

using namespace constformer;

using embedder = bert<minilm_l6>;
constexpr auto all = manifest<embedder>();
static_assert(all.size() == 5 + 6 * 16 + 2);
static_assert(all.front().path() == "embeddings.tokens.weight" && all.front().rows == 30522 &&
              all.front().columns == 384 && all.front().offset == 0);
static_assert(all[5].path() == "layers.0.self.query.weight" && all[5].rows == 384 && all[5].columns == 384);
static_assert(all.back().path() == "pooler.bias" && all.back().rows == 1);
static_assert(all.back().offset + all.back().bytes == sizeof(embedder));
static_assert(parameters<embedder>() == 22'713'216);
static_assert(sizeof(embedder) == parameters<embedder>() * sizeof(float), "every width is whole panels: no padding");
static_assert(alignof(embedder) == 64 && std::is_aggregate_v<embedder> && std::is_trivially_copyable_v<embedder>);

static_assert(manifest_hash<embedder>() != manifest_hash<bert<tiny::bert_w16_h2>>());
static_assert(manifest_hash<bert<tiny::bert_w16_h2>>() == manifest_hash<bert<tiny::bert_w16_h2, f32>>());

template <class Model> constexpr bool ends_at_its_size = [] {
    constexpr auto parts = manifest<Model>();
    std::size_t end = 0;
    for (const parameter& p : parts) {
        if (p.offset != end || p.offset % 64 != 0) return false;
        end = p.offset + p.bytes;
    }
    return end == sizeof(Model);
}();
static_assert(ends_at_its_size<bert<tiny::bert_w36_h3>>);
static_assert(ends_at_its_size<bert_masked_lm<tiny::bert_masked_lm>>);
static_assert(ends_at_its_size<bert_masked_lm<tiny::bert_masked_lm_untied>>);
static_assert(ends_at_its_size<gpt<tiny::gpt2_w48_h4>> && ends_at_its_size<gpt<tiny::gpt_w36_h3>>);
static_assert(ends_at_its_size<gpt_neox<tiny::gpt_neox_w48_h2>> && ends_at_its_size<gpt_neox<tiny::gpt_neox_in_turn>>);
static_assert(ends_at_its_size<llama<tiny::llama_w42_h6>> && ends_at_its_size<llama<tiny::llama_one_key>>);
static_assert(ends_at_its_size<t5<tiny::t5_relu>> && ends_at_its_size<t5<tiny::t5_gated_gelu>>);
