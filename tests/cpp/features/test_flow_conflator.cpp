// First at once, then the latest at the edge, the last one never lost.
#include "features/flow/conflator.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <random>
#include <string>
#include <utility>
#include <vector>

using features::flow::conflator;
using features::flow::emission;
using namespace std::chrono_literals;

namespace {

struct fixture {
    void offer(const std::string& key, const std::string& json) {
        all.offer(key, {"/", {}, {json, {}}}, 200ms, now);
    }
    std::string pass(base::clock::duration by) {
        now += by;
        all.sweep(now);
        return take();
    }
    std::string take() { return std::exchange(sent, {}); }

    base::time_point now{1h};
    std::string sent;
    conflator all{[this](emission&& each) { sent += each.args.json; }, {.keys = 3, .bytes = 4'000}};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(conflation, fixture)

BOOST_AUTO_TEST_CASE(the_first_goes_at_once_and_the_latest_at_the_edge) {
    offer("a", "1");
    BOOST_TEST(take() == "1");
    for (const auto* each : {"2", "3", "4"})
        offer("a", each);
    BOOST_TEST(pass(199ms) == "");
    BOOST_TEST(pass(1ms) == "4");
    offer("a", "5");
    BOOST_TEST(take() == ""); // the window has begun anew
    BOOST_TEST(pass(200ms) == "5");
    BOOST_TEST(all.dropped() == 2);
}

BOOST_AUTO_TEST_CASE(a_key_that_falls_silent_is_forgotten) {
    offer("a", "1");
    BOOST_TEST(pass(200ms) == "1");
    BOOST_TEST(all.keys() == 0);
    BOOST_TEST(!all.next_deadline());
    offer("a", "2");
    BOOST_TEST(take() == "2");
}

BOOST_AUTO_TEST_CASE(keys_do_not_hold_each_other_up) {
    offer("a", "1");
    offer("b", "2");
    BOOST_TEST(take() == "12");
}

BOOST_AUTO_TEST_CASE(past_the_bounds_emits_go_out_at_once) {
    for (const auto* each : {"a", "b", "c", "d"})
        offer(each, each);
    offer("d", "e");
    BOOST_TEST(take() == "abcde");
    BOOST_TEST(all.keys() == 3);

    offer("a", "old");
    offer("a", std::string(5'000, 'x')); // no place for it to wait, and it is the newer one
    BOOST_TEST(take().size() == 5'000);
    BOOST_TEST(pass(200ms) == "");
    BOOST_TEST(all.held_bytes() == 0);
}

BOOST_AUTO_TEST_CASE(flushing_sends_what_waits) {
    offer("a", "1");
    offer("a", "2");
    (void)take();
    all.flush();
    BOOST_TEST(take() == "2");
    BOOST_TEST(pass(400ms) == "");
    BOOST_TEST(all.held_bytes() == 0);
}

BOOST_AUTO_TEST_CASE(the_last_value_of_each_key_always_arrives_and_none_goes_backwards) {
    std::mt19937 random(3);
    std::vector<int> last(3, 0);
    std::vector<int> seen(3, 0);
    std::vector<base::time_point> at(3);
    conflator each([&](emission&& out) {
        const auto key = static_cast<std::size_t>(out.nsp[0] - '0');
        const auto value = std::stoi(out.args.json);
        BOOST_TEST(value > seen[key]);
        BOOST_TEST((now - at[key] >= 200ms));
        seen[key] = value;
        at[key] = now;
    });
    for (int i = 1; i < 5'000; ++i) {
        const auto key = random() % 3;
        last[key] = i;
        each.offer(
            std::to_string(key), {std::to_string(key), {}, {std::to_string(i), {}}}, 200ms, now);
        now += std::chrono::milliseconds(random() % 30);
        each.sweep(now);
    }
    now += 1s;
    each.sweep(now);
    BOOST_TEST(seen == last, boost::test_tools::per_element());
    BOOST_TEST(each.held_bytes() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
