#include <boost/test/unit_test.hpp>

#include "constformer/core/matrix.hpp"
#include "constformer/files/checkpoint.hpp"
#include "constformer/files/write_safetensors.hpp"
#include "gguf_support.hpp"

#include <array>
#include <limits>
#include <list>
#include <map>
#include <sys/resource.h>

using namespace constformer;
using namespace files_test;

namespace checkpoint_test {
struct dense {
    matrix<3, 2> weight;
    constformer::vector<3> bias;
};
struct block {
    dense query, key;
};
struct net {
    table<5, 2> tokens;
    std::array<block, 2> layers;
    dense head;
};
constexpr name block_names[] = {{"query", "attention", {.part = 0, .of = 2}},
                                {"key", "attention", {.part = 1, .of = 2}},
                                {"query", "self.q"},
                                {"key", "self.k"}};
constexpr name body_names[] = {{"tokens", "word_embeddings.weight"}, {"layers.*", "layer.*", {}, block_names}};
constexpr name net_names[] = {{"", "", {}, body_names},
                              {"", "bert", {}, body_names},
                              {"head", "c_proj", {.transposed = true}},
                              {"head", "dense"}};
constexpr std::string_view net_unused[] = {"position_ids", "layer.*.mask", "cls."};

// A checkpoint in the making: a value for each element, 100 * (its tensor's number) + its index.
class checkpoint {
  public:
    checkpoint& add(const std::string& name, std::vector<std::int64_t> shape, dtype type = dtype::f32) {
        std::size_t elements = 1;
        for (const auto length : shape) elements *= static_cast<std::size_t>(length);
        std::vector<float> values(elements);
        for (std::size_t i = 0; i < elements; ++i) values[i] = static_cast<float>(100 * tensors_.size() + i);
        return add(name, std::move(shape), type, values);
    }
    checkpoint& add(const std::string& name, std::vector<std::int64_t> shape, dtype type,
                    const std::vector<float>& values) {
        auto& tensor = tensors_.emplace_back(name, type, std::move(shape), std::vector<std::byte>());
        const auto append = [&](auto value) {
            const auto bytes = std::as_bytes(std::span(&value, 1));
            tensor.bytes.insert(tensor.bytes.end(), bytes.begin(), bytes.end());
        };
        for (const float value : values) {
            if (type == dtype::f32)
                append(value);
            else if (type == dtype::f64)
                append(double{value} * (value == 1e38f ? 1e10 : 1));
            else if (type == dtype::i64)
                append(static_cast<std::int64_t>(value));
            else
                append(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16)); // BF16
        }
        return *this;
    }
    [[nodiscard]] status write(const std::string& path) const {
        std::vector<tensor_view> views;
        for (const auto& tensor : tensors_) views.push_back({tensor.name, tensor.type, tensor.shape, tensor.bytes});
        return write_safetensors(path, views);
    }
    std::string pack_into(net& weights, std::span<const name> table = net_names) const {
        const directory here;
        same(sentence(write(here / "a")), "");
        const auto file = safetensors::open(here / "a");
        return sentence(pack(*file, weights, table, net_unused));
    }
    std::string refusal(std::span<const name> table = net_names) const {
        const auto weights = std::make_unique<net>();
        return pack_into(*weights, table);
    }

  private:
    struct tensor {
        tensor(std::string n, dtype t, std::vector<std::int64_t> s, std::vector<std::byte> b)
            : name(std::move(n)), type(t), shape(std::move(s)), bytes(std::move(b)) {}
        std::string name;
        dtype type;
        std::vector<std::int64_t> shape;
        std::vector<std::byte> bytes;
    };
    std::list<tensor> tensors_;
};

// Layer 0 is fused, layer 1 is not; tensors 0 to 6, then the head's 7 and 8.
checkpoint body(const std::string& prefix = "") {
    checkpoint made;
    made.add(prefix + "word_embeddings.weight", {5, 2})
        .add(prefix + "layer.0.attention.weight", {6, 2})
        .add(prefix + "layer.0.attention.bias", {6})
        .add(prefix + "layer.1.self.q.weight", {3, 2})
        .add(prefix + "layer.1.self.q.bias", {3})
        .add(prefix + "layer.1.self.k.weight", {3, 2})
        .add(prefix + "layer.1.self.k.bias", {3});
    return made;
}
checkpoint whole() { return body().add("dense.weight", {3, 2}).add("dense.bias", {3}); }
} // namespace checkpoint_test
// The names of llama.cpp and its blocks, by a table of names as for any other checkpoint.
namespace checkpoint_test {
template <element E> struct quantized_net {
    struct block {
        matrix<3, 64, E> query;
    };
    table<5, 32> tokens;
    std::array<block, 2> layers;
    constformer::vector<3> norm;
};
constexpr name quantized_names[] = {
    {"tokens", "token_embd.weight"}, {"layers.*.query", "blk.*.attn_q.weight"}, {"norm", "output_norm.weight"}};
// Q8_0 rows of blocks whose scale is 1/4: number i of the tensor is (i % 251 - 125) / 4.
std::string q8_0(std::size_t elements) {
    std::string text;
    for (std::size_t i = 0; i < elements; ++i) {
        if (i % 32 == 0) text += raw(std::uint16_t{0x3400});
        text += static_cast<char>(static_cast<int>(i % 251) - 125);
    }
    text.append((32 - text.size() % 32) % 32, '\0');
    return text;
}
float q8_0_at(int i) { return static_cast<float>(i % 251 - 125) / 4; }
std::string quantized_file(std::uint64_t width = 64) {
    const auto size = [](std::uint64_t elements) { return q8_0(static_cast<std::size_t>(elements)).size(); };
    const std::string infos = gguf_tensor("token_embd.weight", {32, 5}, 8, 0) +
                              gguf_tensor("blk.0.attn_q.weight", {width, 3}, 8, size(160)) +
                              gguf_tensor("blk.1.attn_q.weight", {width, 3}, 8, size(160) + size(3 * width)) +
                              gguf_tensor("output_norm.weight", {3}, 0, size(160) + 2 * size(3 * width));
    const std::string matrix = q8_0(static_cast<std::size_t>(3 * width));
    return gguf_file(0, "", 4, infos, q8_0(160) + matrix + matrix + raw(1.f) + raw(2.f) + raw(3.f));
}
template <element E> void quantized_case(float tolerance) {
    const directory here;
    put(here / "a.gguf", quantized_file());
    const auto weights = read_checkpoint<quantized_net<E>>(here / "a.gguf", quantized_names);
    same(sentence(weights), "");
    BOOST_REQUIRE(weights);
    BOOST_TEST((*weights)->tokens.at(4, 31) == q8_0_at(159));
    BOOST_TEST((*weights)->norm.at(0, 2) == 3);
    for (int r = 0; r < 3; ++r)
        for (int c = 0; c < 64; ++c)
            BOOST_REQUIRE_SMALL((*weights)->layers[1].query.at(r, c) - q8_0_at(r * 64 + c), tolerance);
}
// Rows that lie in another order: pairs side by side, and a part of each group, where blocks are kept and where not.
template <element E> void order_case(float tolerance) {
    struct some {
        matrix<12, 64, E> turned;
        matrix<4, 64, E> part;
    };
    static constexpr name table[] = {{"turned", "a.weight", {.pairs = 4}},
                                     {"part", "b.weight", {.part = 1, .of = 3, .groups = 2}}};
    const directory here;
    const std::string matrix = q8_0(std::size_t{12 * 64});
    put(here / "a.gguf",
        gguf_file(0, "", 2,
                  gguf_tensor("a.weight", {64, 12}, 8, 0) + gguf_tensor("b.weight", {64, 12}, 8, matrix.size()),
                  matrix + matrix));
    const auto weights = read_checkpoint<some>(here / "a.gguf", table);
    same(sentence(weights), "");
    BOOST_REQUIRE(weights);
    constexpr int turned[] = {0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11}, part[] = {2, 3, 8, 9};
    for (int c = 0; c < 64; ++c) {
        for (int r = 0; r < 12; ++r)
            BOOST_REQUIRE_SMALL((*weights)->turned.at(r, c) - q8_0_at(turned[r] * 64 + c), tolerance);
        for (int r = 0; r < 4; ++r)
            BOOST_REQUIRE_SMALL((*weights)->part.at(r, c) - q8_0_at(part[r] * 64 + c), tolerance);
    }
}
} // namespace checkpoint_test

using namespace checkpoint_test;

BOOST_AUTO_TEST_SUITE(files_checkpoint)

BOOST_AUTO_TEST_CASE(fills_every_leaf) {
    const auto weights = std::make_unique<net>();
    std::memset(static_cast<void*>(weights.get()), 0x7f, sizeof(net));
    same(whole().pack_into(*weights), "");
    BOOST_TEST(weights->tokens.at(4, 1) == 9);
    BOOST_TEST(weights->layers[0].query.weight.at(2, 1) == 105);
    BOOST_TEST(weights->layers[0].key.weight.at(0, 0) == 106);
    BOOST_TEST(weights->layers[0].key.weight.at(2, 1) == 111);
    BOOST_TEST(weights->layers[0].query.bias.at(0, 2) == 202);
    BOOST_TEST(weights->layers[0].key.bias.at(0, 0) == 203);
    BOOST_TEST(weights->layers[1].query.weight.at(1, 0) == 302);
    BOOST_TEST(weights->layers[1].key.bias.at(0, 2) == 602);
    BOOST_TEST(weights->head.weight.at(1, 1) == 703);
    // Behind 3 rows of a panel of 16 there is padding, and it is zero whatever was there.
    for (int r = 3; r < 16; ++r) BOOST_TEST(weights->head.weight.data[r] == 0);
}

BOOST_AUTO_TEST_CASE(rows_in_another_order) {
    order_case<f32>(1e-6f);
    order_case<q8>(1e-6f);
}

BOOST_AUTO_TEST_CASE(the_file_decides_between_names) {
    const auto weights = std::make_unique<net>();
    same(body("bert.").add("c_proj.weight", {2, 3}).add("c_proj.bias", {3}).pack_into(*weights), "");
    BOOST_TEST(weights->tokens.at(4, 1) == 9);
    BOOST_TEST(weights->head.weight.at(0, 1) == 703); // transposed: element (1, 0) of (2, 3)
    BOOST_TEST(weights->head.weight.at(2, 0) == 702);
    BOOST_TEST(weights->head.bias.at(0, 2) == 802);
}

BOOST_AUTO_TEST_CASE(transposed_and_fused) { // GPT-2's c_attn
    struct pair {
        dense query, key;
    };
    static constexpr name table[] = {{"query", "c_attn", {.transposed = true, .part = 0, .of = 2}},
                                     {"key", "c_attn", {.transposed = true, .part = 1, .of = 2}}};
    const directory here;
    same(sentence(checkpoint().add("c_attn.weight", {2, 6}).add("c_attn.bias", {6}).write(here / "a")), "");
    const auto weights = read_checkpoint<pair>(here / "a", table);
    same(sentence(weights), "");
    for (int r = 0; r < 3; ++r)
        for (int c = 0; c < 2; ++c) {
            BOOST_TEST((*weights)->query.weight.at(r, c) == static_cast<float>(6 * c + r));
            BOOST_TEST((*weights)->key.weight.at(r, c) == static_cast<float>(6 * c + 3 + r));
        }
    BOOST_TEST((*weights)->key.bias.at(0, 0) == 103);
    same(sentence(checkpoint().add("c_attn.weight", {6, 2}).add("c_attn.bias", {6}).write(here / "a")), "");
    same(sentence(read_checkpoint<pair>(here / "a", table)),
         (here / "a") + ": checkpoint: c_attn.weight is F32 (6, 2), our query.weight needs F32 (2, 6)");
}

BOOST_AUTO_TEST_CASE(heads_apart_are_turned_too) { // (inputs, heads, head width), as XLNet stores them
    struct one {
        matrix<4, 3> weight;
    };
    static constexpr name table[] = {{"weight", "q", {.transposed = true}}};
    const directory here;
    same(sentence(checkpoint().add("q", {3, 2, 2}).write(here / "a")), "");
    const auto weights = read_checkpoint<one>(here / "a", table);
    same(sentence(weights), "");
    for (int r = 0; r < 4; ++r)
        for (int c = 0; c < 3; ++c) BOOST_TEST((*weights)->weight.at(r, c) == static_cast<float>(4 * c + r));
}

BOOST_AUTO_TEST_CASE(one_output) { // (1, inputs) has one row, as a vector has, and is turned all the same
    struct pair {
        matrix<1, 3> first, second;
    };
    static constexpr name table[] = {{"first", "w", {.transposed = true, .part = 0, .of = 2}},
                                     {"second", "w", {.transposed = true, .part = 1, .of = 2}}};
    const directory here;
    same(sentence(checkpoint().add("w", {3, 2}).write(here / "a")), "");
    const auto weights = read_checkpoint<pair>(here / "a", table);
    same(sentence(weights), "");
    BOOST_TEST((*weights)->first.at(0, 2) == 4);
    BOOST_TEST((*weights)->second.at(0, 1) == 3);
}

BOOST_AUTO_TEST_CASE(joined_dimensions) {
    struct kernel {
        matrix<4, 6> weight;
    };
    static constexpr name table[] = {{"weight", "w"}};
    const directory here;
    const auto refusal = [&](std::vector<std::int64_t> shape) {
        same(sentence(checkpoint().add("w", std::move(shape)).write(here / "a")), "");
        return sentence(read_checkpoint<kernel>(here / "a", table));
    };
    same(refusal({4, 2, 3, 1}), "");
    same(refusal({1, 2, 2, 6}), "");
    for (const auto& shape :
         std::vector<std::vector<std::int64_t>>{{6, 4}, {24}, {3, 8}, {2, 12}, {4, 6, 2}, {4}, {}, {0}, {4, 6, 0}})
        same(refusal(shape), (here / "a") + ": checkpoint: w is F32 " + spell(shape) + ", our weight needs F32 (4, 6)");
    constexpr std::array<std::int64_t, 3> wide{std::int64_t{1} << 62, 3, 0};
    const tensor_view tensors[] = {{"w", dtype::f4, std::span(wide).subspan(2), {}}};
    same(sentence(write_safetensors(here / "a", tensors)), "");
    same(sentence(read_checkpoint<kernel>(here / "a", table)),
         (here / "a") + ": checkpoint: w is F4 (0), our weight needs F32 (4, 6)");
    BOOST_TEST(!detail::same_shape(wide, std::array<std::int64_t, 2>{4, 6}));
    BOOST_TEST(!detail::same_shape(std::array<std::int64_t, 3>{2, std::int64_t{1} << 62, 0},
                                   std::array<std::int64_t, 2>{4, 6}));
}

BOOST_AUTO_TEST_CASE(sentences_in_both_vocabularies) {
    same(body().add("dense.weight", {4, 2}).add("dense.bias", {3}).refusal(),
         "checkpoint: dense.weight is F32 (4, 2), our head.weight needs F32 (3, 2)");
    same(body().add("dense.weight", {2, 3}).add("dense.bias", {3}).refusal(),
         "checkpoint: dense.weight is F32 (2, 3), our head.weight needs F32 (3, 2)");
    same(body().add("dense.weight", {3, 2}, dtype::i64).add("dense.bias", {3}).refusal(),
         "checkpoint: dense.weight is I64 (3, 2), our head.weight needs F32 (3, 2)");
    same(body().add("dense.weight", {3, 2}).add("dense.bias", {4}).refusal(),
         "checkpoint: dense.bias is F32 (4), our head.bias needs F32 (3)");
    same(body().add("dense.weight", {3, 2}).refusal(), "checkpoint: c_proj.bias is missing, our head.bias needs it");
    same(checkpoint().refusal(), "checkpoint: word_embeddings.weight is missing, our tokens needs it");
    same(whole().add("extra.weight", {7}).refusal(), "checkpoint: extra.weight, F32 (7), is not part of this model");
    same(whole().add("x", {7}).add("y", {1}).add("z", {}).refusal(),
         "checkpoint: x, F32 (7) (and 2 more), is not part of this model");
    same(whole().refusal(std::span(net_names).first(2)), "names: no line of the table matches our head.weight");
}

BOOST_AUTO_TEST_CASE(what_may_be_left_over) {
    same(whole().add("position_ids", {1, 5}, dtype::i64).add("layer.11.mask", {1}).add("cls.a.b", {2}).refusal(), "");
    BOOST_TEST(whole().add("position_ids2", {1}).refusal() != "");
    BOOST_TEST(whole().add("layer.x.mask", {1}).refusal() != "");
    BOOST_TEST(whole().add("layer.1.mask.x", {1}).refusal() != "");
    BOOST_TEST(whole().add("cls", {1}).refusal() != "");
    // A second name is no loss where it holds the same numbers, and an error where it does not.
    const std::vector<float> same_as_dense{700, 701, 702, 703, 704, 705};
    same(whole().add("bert.layer.1.self.k.bias", {3}, dtype::f32, {600, 601, 602}).refusal(), "");
    same(whole().add("bert.layer.1.self.k.bias", {3}, dtype::f32, {600, 601, 603}).refusal(),
         "checkpoint: bert.layer.1.self.k.bias, F32 (3), is not part of this model");
}

BOOST_AUTO_TEST_CASE(numbers_that_are_none) {
    const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    const auto refusal = [&](dtype type, float value) {
        return body().add("dense.weight", {3, 2}, type, {1, 2, 3, value, 5, 6}).add("dense.bias", {3}).refusal();
    };
    for (const dtype type : {dtype::f32, dtype::bf16, dtype::f64}) {
        same(refusal(type, 4), "");
        same(refusal(type, nan), "checkpoint: dense.weight holds NaN at (1, 1), our head.weight needs finite numbers");
        same(refusal(type, -inf),
             "checkpoint: dense.weight holds an infinity at (1, 1), our head.weight needs finite numbers");
    }
    same(refusal(dtype::f64, 1e38f),
         "checkpoint: dense.weight holds a number beyond F32 at (1, 1), our head.weight needs finite numbers");
}

BOOST_AUTO_TEST_CASE(a_folder_or_a_file) {
    const directory here;
    std::filesystem::create_directory(here / "model");
    const std::string path = here / "model";
    const auto pack_it = [&] { return sentence(pack_file<net>(path, here / "out", net_names, "words", net_unused)); };
    same(pack_it(), path + ": holds no model.safetensors");
    put(path + "/pytorch_model.bin", "x");
    same(pack_it(), path + ": holds pytorch_model.bin, which is not read: save the model as model.safetensors");
    put(path + "/model.safetensors.index.json", R"({"weight_map":{"x":"y.safetensors"}})");
    same(pack_it(), path + "/y.safetensors: cannot be opened: No such file or directory");
    same(sentence(whole().write(path + "/model.safetensors")), "");
    same(pack_it(), "");
    const auto file = open_packed<net>(here / "out", verification::checksums);
    same(sentence(file), "");
    same(file->text(), "words");
    BOOST_TEST((*file)->head.weight.at(1, 1) == 703);
    same(sentence(pack_file<net>(path + "/model.safetensors", here / "out2", net_names, "words", net_unused)), "");
    BOOST_TEST((get(here / "out") == get(here / "out2")));
    same(sentence(pack_file<net>(here / "none", here / "out", net_names)),
         (here / "none") + ": cannot be opened: No such file or directory");
    BOOST_TEST(get(here / "out") == get(here / "out2"));
}

BOOST_AUTO_TEST_CASE(quantized_files) {
    quantized_case<f32>(1e-30f);
    quantized_case<bf16>(0.0625f);
    quantized_case<i8>(0.5f);
    const directory here;
    put(here / "a.gguf", quantized_file(32));
    same(sentence(read_checkpoint<quantized_net<f32>>(here / "a.gguf", quantized_names)),
         (here / "a.gguf") + ": checkpoint: blk.0.attn_q.weight is Q8_0 (3, 32), our layers.0.query needs F32 (3, 64)");
    std::string infinite = quantized_file();
    infinite.replace(infinite.size() - 12 - 224 + 34, 2, raw(std::uint16_t{0x7c00})); // a scale of the last matrix
    put(here / "a.gguf", infinite);
    same(sentence(read_checkpoint<quantized_net<f32>>(here / "a.gguf", quantized_names)),
         (here / "a.gguf") + ": checkpoint: blk.1.attn_q.weight holds an infinity at (0, 32), our layers.1.query needs "
                             "finite numbers");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_of_several_files) {
    const directory here;
    same(sentence(body().write(here / "1.safetensors")), "");
    // numbered as behind the body, so that the two files are what one would be
    same(sentence(checkpoint()
                      .add("dense.weight", {3, 2}, dtype::f32, {700, 701, 702, 703, 704, 705})
                      .add("dense.bias", {3}, dtype::f32, {800, 801, 802})
                      .write(here / "2.safetensors")),
         "");
    const auto first = safetensors::open(here / "1.safetensors");
    std::string map;
    for (const auto& tensor : *first) map += "\"" + tensor.name + "\":\"1.safetensors\",";
    map += R"("dense.weight":"2.safetensors","dense.bias":"2.safetensors")";
    put(here / "model.safetensors.index.json", "{\"weight_map\":{" + map + "}}");
    same(sentence(pack_file<net>(here / "", here / "out", net_names, "words", net_unused)), "");
    same(sentence(whole().write(here / "one")), "");
    same(sentence(pack_file<net>(here / "one", here / "out2", net_names, "words", net_unused)), "");
    BOOST_TEST((get(here / "out") == get(here / "out2")));
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_no_half_file) {
    const directory here;
    same(sentence(whole().write(here / "a")), "");
    rlimit before{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const rlimit small{512, before.rlim_max};
    BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const std::string why = sentence(pack_file<net>(here / "a", here / "out", net_names));
    ::setrlimit(RLIMIT_FSIZE, &before);
    same(why, (here / "out") + ": cannot be written: File too large; nothing was changed");
    BOOST_TEST(here.files() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
