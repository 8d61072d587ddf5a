#include <boost/test/unit_test.hpp>

#include "constformer/files/safetensors_index.hpp"
#include "constformer/files/write_safetensors.hpp"
#include "support.hpp"

using namespace constformer;
using namespace files_test;
using namespace std::string_literals;

namespace {
void put_tensors(const std::string& path, std::initializer_list<std::string_view> names) {
    const float value[] = {1, 2};
    const std::int64_t shape[] = {2};
    std::vector<tensor_view> tensors;
    for (const auto name : names) tensors.push_back({name, dtype::f32, shape, std::as_bytes(std::span(value))});
    same(sentence(write_safetensors(path, tensors)), "");
}
// A folder with two files, a and b in the first, c in the second.
class split {
  public:
    split() {
        put_tensors(here / "1.safetensors", {"a", "b"});
        put_tensors(here / "2.safetensors", {"c"});
    }
    std::string refusal(const std::string& index) const {
        put(path, index);
        std::string why = sentence(open_safetensors_index(path));
        const std::string place = here / "";
        for (auto at = why.find(place); at != why.npos; at = why.find(place)) why.erase(at, place.size());
        return why;
    }
    std::string refusal_of_map(const std::string& map) const { return refusal("{\"weight_map\":{" + map + "}}"); }
    const directory here;
    const std::string path = here / "i.json";
};
const std::string sound = R"("a":"1.safetensors","b":"1.safetensors","c":"2.safetensors")";
} // namespace

BOOST_AUTO_TEST_SUITE(files_safetensors_index)

BOOST_AUTO_TEST_CASE(joins_files) {
    const split two;
    put(two.path, R"({"metadata":{"total_size":24,"deep":[{"weight_map":{"x":1}},[[]]]},"weight_map":{)" + sound +
                      R"(},"more":null})");
    const auto all = open_safetensors_index(two.path);
    same(sentence(all), "");
    std::string order;
    for (const auto& tensor : *all) order += tensor.name;
    same(order, "abc");
    std::vector<float> values(2);
    same(sentence(to_float(*all->find("c"), values)), "");
    BOOST_TEST(values[1] == 2);
    same(two.refusal_of_map(""), "");
}

BOOST_AUTO_TEST_CASE(names_that_lead_elsewhere) {
    const split two;
    const auto refused = [&](const std::string& file, const std::string& spelled) {
        same(two.refusal_of_map("\"a\":\"" + file + "\""),
             "i.json: puts tensor a into " + spelled + ", needed is the name of a .safetensors file beside it");
    };
    refused("../1.safetensors", "../1.safetensors");
    refused("/etc/1.safetensors", "/etc/1.safetensors");
    refused("x/1.safetensors", "x/1.safetensors");
    refused("./1.safetensors", "./1.safetensors");
    refused("..\\\\1.safetensors", "\"..\\x5c1.safetensors\"");
    refused("C:1.safetensors", "C:1.safetensors");
    refused("1.safetensors\\u0000", "\"1.safetensors\\x00\"");
    refused("a\\u0000b.safetensors", "\"a\\x00b.safetensors\"");
    refused("..", "..");
    refused(".", ".");
    refused("", "\"\"");
    refused("1.bin", "1.bin");
}

BOOST_AUTO_TEST_CASE(each_tensor_is_in_one_file) {
    const split two;
    same(two.refusal_of_map(sound), "");
    same(two.refusal_of_map(sound + R"(,"a":"2.safetensors")"), "i.json: names tensor a twice");
    same(two.refusal_of_map(sound + R"(,"\u0061":"1.safetensors")"), "i.json: names tensor a twice");
    same(two.refusal_of_map(sound + R"(,"d":"2.safetensors")"),
         "i.json: puts tensor d into 2.safetensors, which does not hold it");
    same(two.refusal_of_map(R"("a":"1.safetensors","c":"2.safetensors")"),
         "i.json: puts tensor b into no file, but 1.safetensors holds it");
    same(two.refusal_of_map(R"("a":"1.safetensors","b":"2.safetensors","c":"2.safetensors")"),
         "i.json: puts tensor b into 2.safetensors, but 1.safetensors holds it");
    same(two.refusal_of_map(sound + R"(,"d":"3.safetensors")"),
         "3.safetensors: cannot be opened: No such file or directory");
    put(two.here / "3.safetensors", "short");
    same(two.refusal_of_map(sound + R"(,"d":"3.safetensors")"),
         "3.safetensors: 5 bytes are too few for a safetensors file");
    put_tensors(two.here / "3.safetensors", {"a"});
    same(two.refusal_of_map(sound + R"(,"d":"3.safetensors")"),
         "i.json: puts tensor a into 1.safetensors, but 3.safetensors holds it");
}

BOOST_AUTO_TEST_CASE(json) {
    const split two;
    same(two.refusal("{}"), "i.json: has no weight_map");
    same(two.refusal("{\"metadata\":{\"weight_map\":{}}}"), "i.json: has no weight_map");
    same(two.refusal("[]"), "i.json: is a list, not an object");
    same(two.refusal("1"), "i.json: is a number, not an object");
    same(two.refusal("\"weight_map\""), "i.json: is a string, not an object");
    same(two.refusal("{\"weight_map\":[]}"), "i.json: has a weight_map that is a list, not an object");
    same(two.refusal("{\"weight_map\":\"a\"}"), "i.json: has a weight_map that is a string, not an object");
    same(two.refusal("{\"weight_map\":null}"), "i.json: has a weight_map that is null, not an object");
    same(two.refusal("{\"weight_map\":{},\"weight_map\":{}}"), "i.json: has weight_map twice");
    same(two.refusal_of_map("\"a\":1"), "i.json: puts tensor a into a number, not into a file");
    same(two.refusal_of_map("\"a\":{}"), "i.json: puts tensor a into an object, not into a file");
    same(two.refusal_of_map("\"a\":[\"1.safetensors\"]"), "i.json: puts tensor a into a list, not into a file");
    same(two.refusal_of_map("\"a\":true"), "i.json: puts tensor a into true or false, not into a file");
    same(two.refusal("{\"weight_map\":{"), "i.json: is not JSON at byte 16");
    same(two.refusal("{\"weight_map\":{}}x"), "i.json: is not JSON at byte 18");
    same(two.refusal("{\"weight_map\":{}}\0{}"s), "i.json: holds a NUL at byte 17, which JSON does not");
    same(two.refusal("{\"\xff\":1}"), "i.json: is not JSON at byte 3");
    same(two.refusal(" "), "i.json: is not JSON at byte 2");
    same(two.refusal(""), "i.json: is empty");
    std::string deep = "{\"metadata\":";
    for (int i = 0; i < 1'000'000; ++i) deep += "[";
    BOOST_TEST(two.refusal(deep).starts_with("i.json: is not JSON at byte "));
}

// Every truncation, and every byte flipped: refused, or joined from what lies beside it.
BOOST_AUTO_TEST_CASE(damaged_indexes) {
    const split two;
    const std::string whole = "{\"metadata\":{\"total_size\":24},\"weight_map\":{" + sound + "}}";
    same(two.refusal(whole), "");
    for (std::size_t size = 0; size < whole.size(); ++size)
        BOOST_REQUIRE(two.refusal(whole.substr(0, size)).find("i.json: ") == 0);
    int accepted = 0;
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (const int change : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
            std::string damaged = whole;
            damaged[at] = static_cast<char>(damaged[at] ^ change);
            accepted += two.refusal(damaged).empty();
        }
    BOOST_TEST(accepted > 10); // other metadata
}

BOOST_AUTO_TEST_SUITE_END()
