#include <boost/test/unit_test.hpp>

#include "constformer/files/open_tensors.hpp"
#include "constformer/files/write_safetensors.hpp"
#include "gguf_support.hpp"

using namespace constformer;
using namespace files_test;

BOOST_AUTO_TEST_SUITE(files_open_tensors)

BOOST_AUTO_TEST_CASE(by_what_the_file_is) {
    const directory here;
    put(here / "a", gguf_sample());
    const auto quantized = open_tensors(here / "a");
    same(sentence(quantized), "");
    BOOST_TEST(quantized->size() == 5u);
    BOOST_TEST((quantized->find("w")->type == dtype::q8_0));

    const float value = 3;
    const std::vector<tensor_view> one{{"x", dtype::f32, {}, std::as_bytes(std::span(&value, 1))}};
    same(sentence(write_safetensors(here / "m-1.safetensors", one)), "");
    BOOST_TEST(open_tensors(here / "m-1.safetensors")->find("x")->elements() == 1u);
    put(here / "m.index.json", R"({"weight_map":{"x":"m-1.safetensors"}})");
    const auto joined = open_tensors(here / "m.index.json");
    same(sentence(joined), "");
    float read = 0;
    same(sentence(to_float(*joined->find("x"), std::span(&read, 1))), "");
    BOOST_TEST(read == 3);
}

BOOST_AUTO_TEST_CASE(what_it_refuses) {
    const directory here;
    const auto refusal = [&](const std::string& text) {
        put(here / "a", text);
        return sentence(open_tensors(here / "a"));
    };
    same(refusal("GGUF"), (here / "a") + ": the head needs 4 bytes at byte 4, the file ends at byte 4");
    same(refusal("GGU"), (here / "a") + ": 3 bytes are too few for a safetensors file");
    const auto part = [](std::uint16_t parts) {
        return gguf_file(1, gguf_pair("split.count", gguf_type::u16, raw(parts)), 0, "", "");
    };
    same(refusal(part(1)), "");
    same(refusal(part(3)), (here / "a") + ": is one of 3 parts of a model, only whole files are read: join them");
    same(sentence(open_tensors(here / "b")), (here / "b") + ": cannot be opened: No such file or directory");
    same(sentence(open_tensors(here / "b.index.json")),
         (here / "b.index.json") + ": cannot be opened: No such file or directory");
}

BOOST_AUTO_TEST_CASE(the_file_of_a_folder) {
    const directory here;
    const std::string folder = here / "";
    same(sentence(checkpoint_file(folder)), folder + ": holds no model.safetensors");
    put(here / "pytorch_model.bin", "x");
    same(sentence(checkpoint_file(folder)),
         folder + ": holds pytorch_model.bin, which is not read: save the model as model.safetensors");
    put(here / "model.safetensors.index.json", "x");
    BOOST_TEST(*checkpoint_file(folder) == folder + "/model.safetensors.index.json");
    put(here / "model.safetensors", "x");
    BOOST_TEST(*checkpoint_file(folder) == folder + "/model.safetensors");
    BOOST_TEST(*checkpoint_file(here / "none") == here / "none");
}

BOOST_AUTO_TEST_SUITE_END()
