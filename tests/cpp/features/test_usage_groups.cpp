#include "features/usage/meter.hpp"

#include <boost/test/unit_test.hpp>

using namespace features::usage;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t noon = 1'800'000'000 / 86'400 * 86'400 + 12 * 3600;

struct fixture {
    meter of{{}};
    base::time_point steady{};

    outcome spend(std::int64_t tokens, std::int64_t at, std::string_view model = "m") {
        return of.count({.model = model, .in = tokens, .total = tokens}, at);
    }
    std::int64_t used(std::int64_t at) { return of.state("g", at, steady)->used.total; }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(usage_groups, fixture)

BOOST_AUTO_TEST_CASE(a_group_counts_its_models_only) {
    BOOST_TEST(of.declare("g", {"m", "n"}, {}, 100));
    BOOST_TEST((spend(1, noon) == outcome::counted));
    BOOST_TEST((spend(2, noon, "n") == outcome::counted));
    BOOST_TEST((spend(4, noon, "other") == outcome::counted));
    BOOST_TEST(used(noon) == 3);
    BOOST_TEST(!of.state("unknown", noon, steady).has_value());
}

BOOST_AUTO_TEST_CASE(a_window_with_a_reset_begins_anew_at_it) {
    const auto reset = noon / 60 + 30;
    BOOST_TEST(of.declare("g", {"m"}, {{reset - 1440, reset, reset + 1440}, 0}, 100));
    BOOST_TEST((spend(7, noon) == outcome::counted));
    BOOST_TEST(used(noon + 29 * 60 + 59) == 7);
    BOOST_TEST((of.state("g", noon, steady)->resets_at == reset * 60));
    BOOST_TEST(used(noon + 30 * 60) == 0);
    // Of the window before: too late for this one.
    BOOST_TEST(
        (of.count({.model = "m", .in = 5, .total = 5, .at = noon}, noon + 31 * 60) ==
         outcome::counted));
    BOOST_TEST(used(noon + 31 * 60) == 0);
    BOOST_TEST((of.state("g", noon + 31 * 60, steady)->resets_at == (reset + 1440) * 60));
}

BOOST_AUTO_TEST_CASE(a_rolling_window_forgets_minute_by_minute) {
    BOOST_TEST(of.declare("g", {"m"}, {{}, 10}, 100));
    for (int minute = 0; minute < 20; ++minute)
        BOOST_TEST((spend(1, noon + minute * 60) == outcome::counted));
    BOOST_TEST(used(noon + 19 * 60) == 10);
    BOOST_TEST(used(noon + 24 * 60) == 5);
    BOOST_TEST(used(noon + 60 * 60) == 0);
}

BOOST_AUTO_TEST_CASE(what_is_reserved_counts_against_the_limit_until_it_is_released) {
    BOOST_TEST(of.declare("g", {"m"}, {}, 100));
    const auto first = of.try_reserve("g", 60, noon, steady);
    BOOST_TEST(first.has_value());
    BOOST_TEST(!of.try_reserve("g", 41, noon, steady).has_value());
    const auto second = of.try_reserve("g", 40, noon, steady);
    BOOST_TEST(second.has_value());
    BOOST_TEST(of.release(*first));
    BOOST_TEST(!of.release(*first));
    BOOST_TEST(of.state("g", noon, steady)->reserved == 40);
}

BOOST_AUTO_TEST_CASE(a_commit_counts_what_was_spent_and_releases_the_rest) {
    BOOST_TEST(of.declare("g", {"m"}, {}, 100));
    const auto kept = of.try_reserve("g", 90, noon, steady);
    BOOST_TEST((of.commit(*kept, {.model = "m", .in = -1}, noon) == outcome::negative));
    BOOST_TEST(of.state("g", noon, steady)->reserved == 90);
    BOOST_TEST((of.commit(*kept, {.model = "m", .in = 10, .total = 10}, noon) == outcome::counted));
    BOOST_TEST(of.state("g", noon, steady)->reserved == 0);
    BOOST_TEST(used(noon) == 10);
    BOOST_TEST(of.try_reserve("g", 90, noon, steady).has_value());
}

BOOST_AUTO_TEST_CASE(a_reservation_that_nobody_releases_ends) {
    BOOST_TEST(of.declare("g", {"m"}, {}, 100));
    BOOST_TEST(of.try_reserve("g", 100, noon, steady).has_value());
    BOOST_TEST(!of.try_reserve("g", 1, noon, steady + 599s).has_value());
    BOOST_TEST(of.try_reserve("g", 1, noon, steady + 600s).has_value());
}

BOOST_AUTO_TEST_CASE(what_was_counted_before_a_restart_fills_the_window_again) {
    const journal_record before{{"m", "u", {"g"}, noon / 60 - 1, {3, 4, 7, 1}}, "an id", noon - 60};
    BOOST_TEST((of.restore(before, noon, false) == outcome::counted));
    BOOST_TEST(of.declare("g", {"m"}, {{}, 10}, 100));
    BOOST_TEST(used(noon) == 7);
    BOOST_TEST(
        (of.count({.model = "m", .id = "an id", .in = 1, .total = 1}, noon) == outcome::duplicate));
    BOOST_TEST(of.take().rows.empty());
}

BOOST_AUTO_TEST_SUITE_END()
