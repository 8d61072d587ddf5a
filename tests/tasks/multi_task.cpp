#include "constformer/tasks/multi_task.hpp"
#include "tests/support/bert_call.hpp"
#include "tests/tasks/support.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

using model = multi_task<tiny::of_tasks, tiny::three_tasks>;
static_assert(model::outputs == 6 && model::count == 3);
static_assert(model::tasks[2].name == "mnli" && model::tasks[2].first == 3 && model::tasks[2].outputs == 3);

// One pass gives what PyTorch's heads give; a packed batch too, in exactly the memory that is said.
template <class model> void equals_pytorch(const std::string& golden, const std::vector<std::string>& calls) {
    const auto weights = weights_of<model>(golden);
    const tensors io(data_path("golden/" + golden + "/io.safetensors"));
    for (const std::string& call : calls) {
        const auto ids = io.ints(call + ".input_ids"), segments = io.ints(call + ".token_type_ids");
        const int batch = io.extent(call + ".input_ids", 0), n = io.extent(call + ".input_ids", 1);
        const std::vector<int> each(std::size_t(batch), n);
        memory scratch(model::scratch(lengths(each)));
        std::vector<float> y(std::size_t(batch * model::outputs));
        std::size_t high = 0;
        auto m = basic_workspace<>::over(scratch.bytes());
        m.high = &high;
        const status done = weights->forward({.ids = ids, .segments = segments, .each = each}, {y.data(), batch}, m);
        BOOST_REQUIRE_MESSAGE(done, why(done));
        BOOST_TEST(high == model::scratch(lengths(each)));
        for (const auto& task : model::tasks) {
            std::vector<float> own;
            for (int b = 0; b < batch; ++b)
                own.insert(own.end(), y.begin() + b * model::outputs + task.first,
                           y.begin() + b * model::outputs + task.first + task.outputs);
            BOOST_TEST_CONTEXT(golden << " " << call << " " << task.name)
            BOOST_TEST(difference(own, io.floats(call + "." + std::string(task.name))) <= tolerance);
        }
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(tasks_multi_task)

BOOST_AUTO_TEST_CASE(heads_equal_pytorch) {
    equals_pytorch<model>("multi_task", {"one", "short", "batch"});
    equals_pytorch<multi_task<tiny::of_tasks, tiny::tasks_by_steps>>("multi_task_steps", {"alone", "pair", "batch"});
}

BOOST_AUTO_TEST_CASE(every_task_answers_one_text) {
    const checkpoint<model> c("multi_task");
    const std::string_view labels[] = {"wrong", "right"};
    const task_meaning meanings[] = {{.task = "cola", .labels = labels}};
    multi_tasker tasks(*c.weights, c.words, meanings, 30);
    const auto found = tasks.answer("the cat sat on the mat");
    BOOST_REQUIRE_MESSAGE(found, why(found));
    const auto y = c.forward<model::outputs>(c.encode("the cat sat on the mat"), 1);
    BOOST_TEST(found->size() == 3u);
    const task_answer &cola = (*found)[0], &stsb = (*found)[1], &mnli = (*found)[2];
    BOOST_TEST(cola.task == "cola");
    const auto p = softmax(y.data(), 2);
    BOOST_TEST(cola.labels[0].name == labels[p[1] > p[0]]);
    BOOST_TEST(std::abs(double(cola.labels[0].score) - std::max(p[0], p[1])) < 1e-6);
    BOOST_TEST(stsb.labels[0].score == y[2]); // as it is
    BOOST_TEST(
        (mnli.labels.size() == 3u && mnli.labels[0].score >= mnli.labels[1].score && mnli.labels[2].name.empty()));
    // a pair, and ranks: by the task of one number, whatever shares a forward
    const std::vector<std::string_view> texts{"food from air", "a dog", "how do plants make food from light"};
    std::vector<float> scores;
    for (const auto text : texts) scores.push_back((*tasks.answer("plants", text))[1].labels[0].score);
    const auto best = tasks.rank("stsb", "plants", texts, 2);
    BOOST_REQUIRE_MESSAGE(best, why(best));
    BOOST_TEST(best->size() == 2u);
    BOOST_TEST(std::abs((*best)[0].score - *std::max_element(scores.begin(), scores.end())) < 1e-5f);
    BOOST_TEST(scores[std::size_t((*best)[0].index)] == *std::max_element(scores.begin(), scores.end()));

    BOOST_TEST(why(tasks.rank("cola", "a", texts, 1)) == "multi_task: cola has 2 labels, ranking needs one number");
    BOOST_TEST(why(tasks.rank("rte", "a", texts, 1)) == "multi_task: there is no task rte");
    BOOST_TEST(why(tasks.rank("stsb", "a", texts, 0)) == "multi_task: the 0 best were asked for, at least 1 is needed");
    BOOST_TEST(!tasks.answer("\xff"));
    auto damaged = weights_of<model>("multi_task");
    damaged->heads.mnli.bias.data[0] = NAN;
    multi_tasker broken(*damaged, c.words, meanings, 30);
    BOOST_TEST(why(broken.answer("a")) == "multi_task: the model's scores are not numbers: its weights are damaged");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
