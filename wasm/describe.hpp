// describe: what a model is, as JSON text for a host that knows no model: numbers the compiler knows, nothing measured.
#pragma once

#include "answers.hpp"
#include "constformer/files/packed.hpp"
#include "constformer/tasks/classify.hpp"

#include <charconv>
#include <string_view>

namespace constformer {

template <class Model> class description {
  public:
    description(std::string_view name, int most_hits, std::string_view logits, [[maybe_unused]] scoring scores) {
        constexpr auto& c = Model::config;
        put("{\"name\":\"", name, "\",\"type\":\"", type_name<Model>(), "\",\"task\":\"",
            task_names[int(task_of<Model>::value)], "\",\"isa\":\"", std::string_view(isa_name), "\"");
        put(",\"parameters\":", parameters<Model>(), ",\"weights_struct_bytes\":", sizeof(Model),
            ",\"layers\":", c.layers);
        put(",\"width\":", c.width, ",\"heads\":", c.heads, ",\"feed_forward\":", c.feed_forward);
        put(",\"vocabulary\":", c.vocabulary, ",\"positions\":", c.positions, ",\"segments\":", c.segments);
        put(",\"most_hits\":", most_hits, ",\"manifest\":\"");
        constexpr std::uint64_t hash = manifest_hash<Model>();
        for (int shift = 60; shift >= 0; shift -= 4)
            put(std::string_view("0123456789abcdef").substr(hash >> shift & 15, 1));
        put("\",\"scratch\":{");
        bool first = true;
        for (const int tokens : {16, 64, 128, 256, 512})
            if (tokens <= c.positions)
                put(first ? "" : ",", "\"", tokens, "\":", Model::scratch(tokens)), first = false;
        put("},\"outputs\":[");
        if constexpr (task_of<Model>::value == task::encode) {
            put("{\"name\":\"last_hidden_state\",\"dims\":[\"batch\",\"tokens\",", c.width, "]}");
            if constexpr (task_of<Model>::pooled)
                put(",{\"name\":\"pooler_output\",\"dims\":[\"batch\",", c.width, "]}");
        } else if constexpr (task_of<Model>::value == task::classify) {
            put("{\"name\":\"logits\",\"dims\":[\"batch\",", Model::outputs, "]}");
            const std::string_view how[] = {"softmax", "sigmoid", "none"};
            put("],\"labels\":", Model::outputs, ",\"scores\":\"", how[int(scores)], "\"}");
        } else if constexpr (task_of<Model>::value == task::answer) {
            put("{\"name\":\"start_logits\",\"dims\":[\"batch\",\"tokens\"],\"step\":2}",
                ",{\"name\":\"end_logits\",\"dims\":[\"batch\",\"tokens\"],\"step\":2,\"first\":1}");
        } else {
            put("{\"name\":\"", logits, "\",\"dims\":[\"batch\",\"tokens\",", Model::outputs, "]}");
        }
        if constexpr (task_of<Model>::value != task::classify) put("]}");
        text_[size_] = '\0';
    }
    [[nodiscard]] const char* c_str() const { return text_; }

  private:
    static constexpr std::string_view task_names[] = {"encode", "fill-mask", "classify", "tag", "answer"};
    char text_[1024];
    std::size_t size_ = 0;

    void put(const auto&... parts) { (append(parts), ...); }
    void append(std::string_view part) {
        for (const char c : part)
            if (size_ + 1 < sizeof text_) text_[size_++] = c;
    }
    void append(std::integral auto number) {
        char digits[24];
        append(
            std::string_view(digits, std::size_t(std::to_chars(digits, digits + sizeof digits, number).ptr - digits)));
    }
};

} // namespace constformer
