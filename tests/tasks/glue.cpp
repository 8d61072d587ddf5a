#include "constformer/tasks/glue.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

template <class Result> std::string why(const Result& result) {
    return result ? std::string("no error") : std::string(result.error().what());
}
const glue::task& task(std::string_view name) { return **glue::find(name); }

// What the only example of a file is.
void is(std::string_view name, std::string_view file, std::string_view first, std::string_view second, int label,
        double score = 0) {
    const auto all = glue::read(task(name), file);
    BOOST_REQUIRE_MESSAGE(all, why(all));
    BOOST_REQUIRE(all->size() == 1u);
    const glue::example& one = all->front();
    BOOST_TEST(one.first == first);
    BOOST_TEST(one.second == second);
    BOOST_TEST(one.label == label);
    BOOST_TEST(one.score == score);
}

} // namespace

BOOST_AUTO_TEST_SUITE(tasks_glue)

BOOST_AUTO_TEST_CASE(files_of_all_tasks) {
    is("CoLA", "gj04\t1\t\tThe sailors rode the breeze.\n", "The sailors rode the breeze.", "", 1);
    is("SST-2", "sentence\tlabel\nhide \"new\" secretions \t0\n", "hide \"new\" secretions ", "", 0);
    is("mrpc", "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t7\t8\tone\ttwo\r\n", "one", "two", 1);
    is("sts-b", "index\tgenre\tsentence1\tsentence2\tscore\n0\tx\ta b\tc\t4.250", "a b", "c", 0, 4.25);
    is("qqp", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\twhy?\thow?\t0\n", "why?", "how?", 0);
    is("MNLI-mm", "index\tsentence1\tsentence2\tlabel1\tgold_label\n0\ta\tb\tneutral\tentailment\n", "a", "b", 1);
    is("qnli", "index\tquestion\tsentence\tlabel\n0\tq\ts\tnot_entailment\n", "q", "s", 1);
    is("rte", "index\tsentence1\tsentence2\tlabel\n0\t\ts\tentailment\n\n", "", "s", 0);
    is("wnli", "index\tsentence1\tsentence2\tlabel\n0\ta\ts\t1", "a", "s", 1);
}

BOOST_AUTO_TEST_CASE(bad_files_are_sentences) {
    BOOST_TEST(why(glue::find("squad")) ==
               "glue: squad is none of its tasks; they are cola, sst-2, mrpc, sts-b, qqp, mnli, "
               "qnli, rte, wnli");
    const auto says = [](std::string_view name, std::string_view file) { return why(glue::read(task(name), file)); };
    BOOST_TEST(says("rte", "") == "there are no examples of rte");
    BOOST_TEST(says("rte", "index\tsentence1\tsentence2\tlabel\n") == "there are no examples of rte");
    BOOST_TEST(says("rte", "index\tsentence1\tlabel\n") == "line 1: there is no column sentence2 for rte");
    BOOST_TEST(says("rte", "sentence1\tsentence2\tlabel\na\tb\n") == "line 2: has 2 fields, rte needs 3");
    BOOST_TEST(says("rte", "sentence1\tsentence2\tlabel\na\tb\tyes\n") == "line 2: rte has no label yes");
    BOOST_TEST(says("sst-2", "sentence\tlabel\na\t\n") == "line 2: sst-2 has no label \"\"");
    BOOST_TEST(says("sts-b", "sentence1\tsentence2\tscore\na\tb\tnan\n") == "line 2: the score nan is no number");
    BOOST_TEST(says("sts-b", "sentence1\tsentence2\tscore\na\tb\t1 \n") == "line 2: the score 1  is no number");
    BOOST_TEST(says("cola", "x\t1\n") == "line 1: has 2 fields, cola needs 4");
    BOOST_TEST(says("cola", "x\t1\t\t\xff\n") == "line 1: is not UTF-8");
}

BOOST_AUTO_TEST_CASE(labels_are_matched_by_name_or_by_order) {
    const auto places = [](std::string_view name, std::vector<std::string_view> labels) {
        const auto found = glue::match_labels(task(name), labels);
        return found ? *found : std::vector<int>{-1};
    };
    BOOST_TEST(places("mnli", {"NEUTRAL", "Entailment", "contradiction"}) == (std::vector<int>{2, 1, 0}));
    BOOST_TEST(places("mrpc", {"LABEL_0", "LABEL_1"}) == (std::vector<int>{0, 1}));
    BOOST_TEST(places("mrpc", {"1", "0"}) == (std::vector<int>{1, 0}));
    BOOST_TEST(why(glue::match_labels(task("mrpc"), std::vector<std::string_view>{"a", "b"})) == "mrpc has no label a");
    BOOST_TEST(why(glue::match_labels(task("mrpc"), std::vector<std::string_view>{"0"})) ==
               "mrpc has 2 labels, this model has 1");
    BOOST_TEST(why(glue::match_labels(task("mrpc"), std::vector<std::string_view>{"0", "0"})) ==
               "two of this model's labels stand for 0 of mrpc");
}

BOOST_AUTO_TEST_CASE(each_task_is_measured_as_glue_does) {
    const auto measured = [](std::string_view name, std::string_view file, std::vector<int> labels,
                             std::vector<double> scores) {
        const auto all = glue::read(task(name), file);
        BOOST_REQUIRE_MESSAGE(all, why(all));
        std::string text;
        for (const glue::measured& one : glue::measure(task(name), *all, labels, scores))
            text += std::string(glue::name_of(one.what)) + " " + std::to_string(one.value) + ";";
        return text;
    };
    const std::string_view qqp = "question1\tquestion2\tis_duplicate\na\tb\t1\na\tb\t1\na\tb\t0\n";
    BOOST_TEST(measured("qqp", qqp, {1, 0, 0}, {}) == "accuracy 0.666667;f1 0.666667;");
    BOOST_TEST(measured("cola", "x\t1\t\ta\nx\t0\t\ta\n", {1, 0}, {}) == "matthews_correlation 1.000000;");
    const std::string_view sts = "sentence1\tsentence2\tscore\na\tb\t1\na\tb\t2\na\tb\t4\n";
    BOOST_TEST(measured("sts-b", sts, {}, {-7, 9, 9.5}) == "pearson 0.773099;spearman 1.000000;");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
