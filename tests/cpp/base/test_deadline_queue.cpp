#include "base/deadline_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct holder {
    base::deadline_place place;
};

using queue = base::deadline_queue<holder, &holder::place>;

constexpr base::time_point start{1h};

} // namespace

BOOST_AUTO_TEST_SUITE(deadline_queue)

BOOST_AUTO_TEST_CASE(who_is_due_comes_out_soonest_first_and_once) {
    queue due;
    std::vector<holder> holders(3);
    due.set(holders[0], start + 3s);
    due.set(holders[1], start + 1s);
    due.set(holders[2], start + 2s);
    BOOST_TEST((due.soonest() == start + 1s));
    BOOST_TEST(due.take_due(start) == nullptr);
    BOOST_TEST(due.take_due(start + 2s) == &holders[1]);
    BOOST_TEST(due.take_due(start + 2s) == &holders[2]);
    BOOST_TEST(due.take_due(start + 2s) == nullptr);
    BOOST_TEST((due.of(holders[0]) == start + 3s));
    BOOST_TEST((due.of(holders[1]) == base::time_point::max()));
}

BOOST_AUTO_TEST_CASE(a_deadline_moves_both_ways_and_goes_away) {
    queue due;
    std::vector<holder> holders(2);
    due.set(holders[0], start + 1s);
    due.set(holders[1], start + 2s);
    due.set(holders[0], start + 3s);
    BOOST_TEST((due.soonest() == start + 2s));
    due.set(holders[0], start + 1s);
    BOOST_TEST((due.soonest() == start + 1s));
    due.clear(holders[0]);
    due.clear(holders[0]);
    BOOST_TEST(due.size() == 1U);
    BOOST_TEST((due.soonest() == start + 2s));
    due.clear(holders[1]);
    BOOST_TEST(due.empty());
    BOOST_TEST(!due.soonest());
}

BOOST_AUTO_TEST_CASE(any_mix_of_moves_keeps_the_order) {
    std::mt19937 random(7);
    queue due;
    std::vector<holder> holders(200);
    std::vector<base::time_point> expected(holders.size(), base::time_point::max());
    for (int i = 0; i < 20'000; ++i) {
        const auto which = random() % holders.size();
        if (random() % 4 == 0) {
            due.clear(holders[which]);
            expected[which] = base::time_point::max();
        } else {
            expected[which] = start + std::chrono::seconds(random() % 100);
            due.set(holders[which], expected[which]);
        }
        const auto soonest = std::ranges::min(expected);
        BOOST_REQUIRE((due.soonest().value_or(base::time_point::max()) == soonest));
    }
    for (std::size_t i = 0; i < holders.size(); ++i)
        BOOST_TEST((due.of(holders[i]) == expected[i]));
}

BOOST_AUTO_TEST_SUITE_END()
