// describe: what a model is, as JSON text for a host that knows no model: numbers the compiler knows, nothing measured.
#pragma once

#include "answers.hpp"
#include "constformer/files/packed.hpp"
#include "constformer/tasks/classify.hpp"
#include "json_text.hpp"

namespace constformer {

template <class Model> class description : public json_text {
  public:
    description(std::string_view name, int usual, int most_hits, std::string_view logits,
                [[maybe_unused]] scoring scores) {
        constexpr auto& c = Model::config;
        put("{\"task\":\"", task_names[int(task_of<Model>::value)], "\",\"layers\":", c.layers);
        put(",\"positions\":", c.positions, ",\"usual\":", usual, ",\"segments\":", c.segments);
        put(",\"most_hits\":", most_hits);
        put_model<Model>(name);
        put(",\"scratch\":{");
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
    }

  private:
    static constexpr std::string_view task_names[] = {"encode", "fill-mask", "classify", "tag", "answer"};
};

} // namespace constformer
