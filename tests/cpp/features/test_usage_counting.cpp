#include "features/usage/meter.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <thread>

using namespace features::usage;

namespace {

constexpr std::int64_t now = 1'800'000'000;

record tokens(std::int64_t in, std::int64_t out, std::string_view id = {}) {
    return {.model = "m", .user = "u", .id = id, .in = in, .out = out, .total = in + out};
}

struct fixture {
    meter of{{}};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(usage_counting, fixture)

BOOST_AUTO_TEST_CASE(sums_are_kept_by_model_for_ever_and_by_user_and_minute) {
    BOOST_TEST((of.count(tokens(1, 2), now) == outcome::counted));
    BOOST_TEST((of.count(tokens(10, 20), now) == outcome::counted));
    BOOST_TEST(
        (of.count({.model = "n", .user = "v", .in = 5, .total = 6}, now + 60) == outcome::counted));
    const auto rows = of.rows(0, {}, {}, {});
    BOOST_REQUIRE(rows.size() == 2);
    BOOST_TEST(rows[0].model == "m");
    BOOST_TEST(rows[0].user == "u");
    BOOST_TEST(rows[0].minute == now / 60);
    BOOST_TEST((rows[0].sum == counts{11, 22, 33, 2}));
    BOOST_TEST((rows[1].sum == counts{5, 0, 6, 1}));
    BOOST_TEST(of.rows(now / 60 + 1, {}, {}, {}).size() == 1);
    BOOST_TEST(of.rows(0, "m", {}, {}).size() == 1);
    BOOST_TEST(of.rows(0, {}, "v", {}).size() == 1);
    BOOST_TEST(of.rows(0, {}, {}, "g").empty());
    BOOST_TEST(of.totals().size() == 2);
}

BOOST_AUTO_TEST_CASE(an_id_counts_once) {
    BOOST_TEST((of.count(tokens(1, 1, "x"), now) == outcome::counted));
    BOOST_TEST((of.count(tokens(1, 1, "x"), now + 86'399) == outcome::duplicate));
    BOOST_TEST((of.count(tokens(1, 1, "y"), now) == outcome::counted));
    BOOST_TEST((of.totals()[0].sum == counts{2, 2, 4, 2}));
    BOOST_TEST(of.statistics().duplicates == 1);
    BOOST_TEST(of.statistics().records == 2);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused_and_its_id_is_free_still) {
    constexpr auto largest = std::numeric_limits<std::int64_t>::max();
    BOOST_TEST((of.count(tokens(-1, 5, "x"), now) == outcome::negative));
    BOOST_TEST((of.count(tokens(0, 1'000'000'001, "x"), now) == outcome::absurd));
    BOOST_TEST((of.count({.model = "m", .id = "x", .total = largest}, now) == outcome::absurd));
    BOOST_TEST((of.count({.model = "m", .in = 5, .total = 4}, now) == outcome::contradictory));
    BOOST_TEST((of.count({.in = 5, .total = 5}, now) == outcome::no_model));
    const std::string long_name(257, 'x');
    BOOST_TEST((of.count({.model = long_name}, now) == outcome::long_name));
    BOOST_TEST((of.count({.model = "m", .user = "\xed\xa0\x80"}, now) == outcome::not_utf8));
    BOOST_TEST((of.count({.model = "m", .at = now + 301}, now) == outcome::in_the_future));
    BOOST_TEST((of.count({.model = "m", .at = now - 36 * 86'400}, now) == outcome::too_old));
    BOOST_TEST(of.totals().empty());
    BOOST_TEST(of.statistics().refused == 9);
    BOOST_TEST((of.count(tokens(1, 5, "x"), now) == outcome::counted));
}

BOOST_AUTO_TEST_CASE(models_have_a_bound) {
    for (std::size_t i = 0; i < most_models; ++i)
        BOOST_REQUIRE((of.count({.model = std::to_string(i)}, now) == outcome::counted));
    BOOST_TEST((of.count({.model = "one more"}, now) == outcome::full));
    BOOST_TEST((of.count({.model = "7"}, now) == outcome::counted));
}

BOOST_AUTO_TEST_CASE(a_batch_has_what_was_counted_since_the_last_one) {
    of.collect(5, {}, false);
    BOOST_TEST((of.count(tokens(1, 2, "x"), now) == outcome::counted));
    BOOST_TEST((of.count(tokens(3, 4), now) == outcome::counted));
    BOOST_TEST((of.count(tokens(1, 2, "x"), now) == outcome::duplicate));
    const auto first = of.take();
    BOOST_TEST(first.seq == 5);
    BOOST_REQUIRE(first.rows.size() == 1);
    BOOST_TEST((first.rows[0].sum == counts{4, 6, 10, 2}));
    BOOST_REQUIRE(first.ids.size() == 1);
    BOOST_TEST(first.ids[0].id == "x");
    BOOST_TEST(first.ids[0].row == 0);
    BOOST_TEST((first.ids[0].sum == counts{1, 2, 3, 1}));
    BOOST_TEST(of.take().rows.empty());
    BOOST_TEST((of.count(tokens(1, 0), now) == outcome::counted));
    const auto second = of.take();
    BOOST_TEST(second.seq == 6);
    BOOST_TEST((second.rows[0].sum == counts{1, 0, 1, 1}));
}

BOOST_AUTO_TEST_CASE(minutes_that_are_over_leave_memory_once_they_have_been_sent) {
    meter small({.keep_minutes = 2});
    small.collect(1, {}, false);
    BOOST_TEST((small.count(tokens(1, 0), now) == outcome::counted));
    BOOST_TEST((small.count(tokens(1, 0), now + 600) == outcome::counted));
    BOOST_TEST(small.rows(0, {}, {}, {}).size() == 2);
    (void)small.take();
    BOOST_TEST((small.count(tokens(1, 0), now + 1200) == outcome::counted));
    BOOST_TEST(small.rows(0, {}, {}, {}).size() == 1);
    BOOST_TEST((small.totals()[0].sum == counts{3, 0, 3, 3}));
    BOOST_TEST(small.take().rows.size() == 1);
}

BOOST_AUTO_TEST_CASE(threads_that_count_together_lose_nothing) {
    of.collect(1, {}, false);
    std::vector<std::thread> threads;
    std::atomic<int> running = 4;
    for (int each = 0; each < 4; ++each)
        threads.emplace_back([&, each] {
            for (int i = 0; i < 5000; ++i) // half of the ids are another thread's, too
                (void)of.count(tokens(1, 2, std::to_string((each / 2) * 100'000 + i)), now);
            --running;
        });
    counts sum;
    while (running > 0 || of.wait(std::chrono::milliseconds(0)))
        for (const auto& row : of.take().rows)
            sum += row.sum;
    for (auto& each : threads)
        each.join();
    for (const auto& row : of.take().rows)
        sum += row.sum;
    BOOST_TEST((sum == counts{10'000, 20'000, 30'000, 10'000}));
    BOOST_TEST(of.statistics().duplicates == 10'000);
}

BOOST_AUTO_TEST_SUITE_END()
