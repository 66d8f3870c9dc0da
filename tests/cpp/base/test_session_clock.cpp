#include "base/session_clock.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(session_clock)

BOOST_AUTO_TEST_CASE(it_shows_the_steady_clocks_time) {
    const base::session_clock shown;
    const auto before = base::clock::now();
    const auto now = shown.now();
    BOOST_TEST((before <= now && now <= base::clock::now()));
    BOOST_TEST((shown.steady(now) == now));
}

BOOST_AUTO_TEST_CASE(held_it_stands_still_and_moves_by_what_it_is_told) {
    base::session_clock shown;
    shown.hold();
    const auto begun = shown.now();
    while (base::clock::now() == begun)
        continue;
    BOOST_TEST((shown.now() == begun));
    shown.pass(25s);
    shown.hold(); // it is
    BOOST_TEST((shown.now() == begun + 25s));
}

BOOST_AUTO_TEST_CASE(released_it_goes_on_from_where_it_stood) {
    base::session_clock shown;
    shown.release(); // it is not held
    shown.hold();
    shown.pass(1h);
    const auto stood = shown.now();
    shown.release();
    const auto steady = base::clock::now();
    BOOST_TEST(!shown.held());
    BOOST_TEST((shown.now() >= stood));
    BOOST_TEST((shown.now() < stood + 1min));
    // A timer for what is due in a minute of this clock is set a minute ahead of the steady one.
    BOOST_TEST((shown.steady(stood + 1min) <= steady + 1min));
    BOOST_TEST((shown.steady(stood + 1min) > steady));
}

BOOST_AUTO_TEST_CASE(it_can_be_held_again_and_again_and_never_goes_back) {
    base::session_clock shown;
    auto last = shown.now();
    for (int i = 0; i < 100; ++i) {
        shown.hold();
        BOOST_REQUIRE((shown.now() >= last));
        shown.pass(std::chrono::milliseconds(i % 3));
        last = shown.now();
        shown.release();
        BOOST_REQUIRE((shown.now() >= last));
        last = shown.now();
    }
}

BOOST_AUTO_TEST_SUITE_END()
