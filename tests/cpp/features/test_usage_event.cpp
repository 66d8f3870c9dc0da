#include "features/usage/event.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

using namespace features::usage;

namespace {

std::string refused(std::string_view json) {
    return std::string(read_event(json).refusal);
}

} // namespace

BOOST_AUTO_TEST_SUITE(usage_event)

BOOST_AUTO_TEST_CASE(tokens_are_read_and_the_total_is_their_sum) {
    const auto told = read_event(
        R"(["usage", {"usage": {"completion_tokens": 5, "x": [{"prompt_tokens": 9}], "prompt_tokens":3},
            "model": "gp\u0074\"", "id": "e1", "more": "}]"}, "ignored"])");
    BOOST_TEST(told.refusal.empty());
    BOOST_TEST(told.model == "gpt\"");
    BOOST_TEST(told.id == "e1");
    BOOST_REQUIRE(told.tokens.has_value());
    BOOST_TEST(told.tokens->in == 3);
    BOOST_TEST(told.tokens->out == 5);
    BOOST_TEST(told.tokens->total == 8);
}

BOOST_AUTO_TEST_CASE(a_total_that_is_told_counts) {
    const auto told =
        read_event(R"(["usage",{"model":"m","usage":{"prompt_tokens":3,"total_tokens":10}}])");
    BOOST_TEST(told.tokens->total == 10);
    BOOST_TEST(told.tokens->out == 0);
}

BOOST_AUTO_TEST_CASE(open_webuis_form_has_no_tokens) {
    const auto told = read_event(R"(["usage",{"action":"chat","model":"m","chat_id":"c"}])");
    BOOST_TEST(told.refusal.empty());
    BOOST_TEST(told.model == "m");
    BOOST_TEST(!told.tokens.has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_integer_is_refused) {
    for (const std::string number :
         {"1.5", "1e3", "NaN", "-Infinity", "\"7\"", "true", "[1]", "{}", "12.0"})
        BOOST_TEST(
            refused(
                R"(["usage",{"model":"m","usage":{"prompt_tokens":)" + number +
                R"(,"completion_tokens":1}}])") == "token counts must be integers");
}

BOOST_AUTO_TEST_CASE(numbers_beyond_64_bits_come_out_as_ones_that_are_refused_later) {
    const auto told = read_event(
        R"(["u",{"model":"m","usage":{"prompt_tokens":99999999999999999999,"completion_tokens":-99999999999999999999}}])");
    BOOST_TEST(told.tokens->in == std::numeric_limits<std::int64_t>::max());
    BOOST_TEST(told.tokens->out == -1);
}

BOOST_AUTO_TEST_CASE(other_shapes_are_refused_with_a_reason) {
    BOOST_TEST(refused(R"(["usage"])") == "expected an object with a model");
    BOOST_TEST(refused(R"(["usage",[1,2]])") == "expected an object with a model");
    BOOST_TEST(refused(R"(["usage",{}])") == "model must be a string");
    BOOST_TEST(refused(R"(["usage",{"model":7}])") == "model must be a string");
    BOOST_TEST(refused(R"(["usage",{"model":"m","usage":7}])") == "usage must be an object");
    BOOST_TEST(
        refused(R"(["usage",{"model":"m","usage":{}}])") ==
        "usage needs prompt_tokens or completion_tokens");
    BOOST_TEST(
        refused(R"(["usage",{"model":"m","id":7,"usage":{"prompt_tokens":1}}])") ==
        "id must be a string");
}

BOOST_AUTO_TEST_CASE(text_that_is_no_json_ends_somewhere) {
    const std::string whole =
        R"(["usage",{"model":"m","id":"a","usage":{"prompt_tokens":1,"x":[[{}]]}}])";
    for (std::size_t size = 0; size < whole.size(); ++size)
        BOOST_TEST(read_event(whole.substr(0, size)).model.size() <= 1);
}

BOOST_AUTO_TEST_SUITE_END()
