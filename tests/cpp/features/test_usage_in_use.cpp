#include "features/usage/in_use.hpp"

#include <boost/test/unit_test.hpp>

using features::usage::in_use;
using namespace std::chrono_literals;

namespace {

using list = std::vector<std::string>;

struct fixture {
    in_use models{3s};
    base::time_point start = base::time_point(1000s);
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(usage_in_use, fixture)

BOOST_AUTO_TEST_CASE(a_model_is_in_use_for_three_seconds_after_the_last_touch) {
    BOOST_TEST(models.touch("b", start));
    BOOST_TEST(models.touch("a", start + 2s));
    BOOST_TEST((models.models(start + 2s) == list{"a", "b"}));
    BOOST_TEST(models.touch("b", start + 2s));
    BOOST_TEST((models.models(start + 4999ms) == list{"a", "b"}));
    BOOST_TEST(models.models(start + 5s).empty());
}

BOOST_AUTO_TEST_CASE(a_change_is_told_once_and_at_most_once_a_second) {
    BOOST_TEST(!models.next_deadline().has_value());
    BOOST_TEST(models.touch("a", start));
    BOOST_TEST((*models.next_deadline() <= start));
    BOOST_TEST((models.changed(start) == list{"a"}));
    BOOST_TEST((models.next_deadline() == start + 3s));
    BOOST_TEST(models.touch("b", start + 100ms));
    BOOST_TEST(!models.changed(start + 100ms).has_value());
    BOOST_TEST((models.next_deadline() == start + 1s));
    BOOST_TEST((models.changed(start + 1s) == list{"a", "b"}));
    BOOST_TEST(models.touch("a", start + 1s));
    BOOST_TEST(!models.changed(start + 2s).has_value());
    BOOST_TEST((models.changed(start + 3100ms) == list{"a"}));
    BOOST_TEST((models.changed(start + 4100ms) == list{}));
    BOOST_TEST(!models.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(what_another_node_uses_is_in_the_list_and_not_told_back) {
    BOOST_TEST(models.touch("mine", start));
    BOOST_TEST(models.touch_remote("theirs", 2s, start));
    BOOST_TEST(models.touch_remote("forged", 1h, start));
    BOOST_TEST((models.models(start + 1s) == list{"forged", "mine", "theirs"}));
    BOOST_TEST((models.models(start + 2s) == list{"forged", "mine"}));
    BOOST_TEST(models.models(start + 3s).empty());
    BOOST_REQUIRE(models.local(start + 1s).size() == 1);
    BOOST_TEST(models.local(start + 1s)[0].first == "mine");
    BOOST_TEST((models.local(start + 1s)[0].second == 2s));
}

BOOST_AUTO_TEST_CASE(names_that_are_none_and_more_models_than_there_may_be_are_refused) {
    BOOST_TEST(!models.touch("", start));
    BOOST_TEST(!models.touch(std::string(257, 'x'), start));
    BOOST_TEST(!models.touch("\xff", start));
    for (int i = 0; i < 10'000; ++i)
        BOOST_REQUIRE(models.touch(std::to_string(i), start));
    BOOST_TEST(!models.touch("one more", start + 1s));
    BOOST_TEST(models.touch("7", start + 1s));
    BOOST_TEST(models.touch("one more", start + 3s));
}

BOOST_AUTO_TEST_SUITE_END()
