// The time of sessions as a test moves it: nothing happens by itself, and all that is due does.
#include "engine/world.hpp"

#include <algorithm>
#include <array>
#include <memory>

using namespace fake;

namespace {

struct fixture {
    fixture() { app.in.hold_time(); }

    // In steps from deadline to deadline; returns how often `at_each` was called.
    template <class Step>
    void pass(base::clock::duration all, Step at_each) {
        for (auto left = all; left > 0s; at_each())
            left -= app.in.pass_time(left);
    }
    void pass(base::clock::duration all) {
        pass(all, [] {});
    }
    // Its pong has been read by then.
    void answer_ping(client& by) {
        BOOST_TEST(by.receive_frame() == "2");
        by.send_frame("3");
        by.send_frame("42[\"message\"]");
        (void)app.next<sio::message_event>();
    }
    void settle() {
        while (!app.in.settled())
            app.drain();
    }

    application app;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(time_of_sessions, fixture)

BOOST_AUTO_TEST_CASE(time_passes_from_deadline_to_deadline) {
    client one(app.port);
    BOOST_TEST((app.in.pass_time(10s) == 10s));
    BOOST_TEST((app.in.pass_time(60s) == 15s));
    BOOST_TEST(one.receive_frame() == "2");
    BOOST_TEST((app.in.pass_time(60s) == 20s));
    BOOST_TEST(to_string(app.next<sio::disconnect_event>().reason) == "ping timeout");
}

BOOST_AUTO_TEST_CASE(a_silent_client_is_closed_at_its_time_and_not_before) {
    client silent(app.port);
    pass(45s - 1ms);
    BOOST_TEST(app.count<sio::disconnect_event>() == 0U);
    pass(1ms);
    BOOST_TEST(app.count<sio::disconnect_event>() == 1U);
}

BOOST_AUTO_TEST_CASE(a_client_that_answers_is_pinged_again_and_stays) {
    client living(app.port);
    for (int i = 0; i < 3; ++i) {
        pass(25s);
        answer_ping(living);
    }
    BOOST_TEST(app.count<sio::disconnect_event>() == 0U);
}

BOOST_AUTO_TEST_CASE(the_time_of_all_shards_is_one) {
    std::vector<std::unique_ptr<client>> all;
    std::array<int, threads> count{};
    while (std::ranges::count(count, 0) != 0) {
        all.push_back(std::make_unique<client>(app.port));
        ++count[all.back()->shard()];
    }
    pass(24s);
    client later(app.port);
    BOOST_TEST((app.in.pass_time(60s) == 1s));
    for (const auto& each : all)
        BOOST_TEST(each->receive_frame() == "2");
    BOOST_TEST((app.in.pass_time(60s) == 20s)); // theirs is over
    BOOST_TEST((app.in.pass_time(60s) == 4s));
    BOOST_TEST(later.receive_frame() == "2");
}

BOOST_AUTO_TEST_CASE(who_comes_after_time_has_passed_has_all_of_his) {
    pass(1h);
    client one(app.port);
    BOOST_TEST((app.in.pass_time(60s) == 25s));
    answer_ping(one);
    pass(24s);
    one.send_frame("42[\"message\"]");
    (void)app.next<sio::message_event>();
    pass(1s);
    BOOST_TEST(one.receive_frame() == "2");
}

BOOST_AUTO_TEST_CASE(released_time_goes_on_by_itself) {
    client one(app.port);
    pass(25s - 20ms);
    app.in.release_time();
    BOOST_TEST(one.receive_frame() == "2");
}

BOOST_AUTO_TEST_CASE(an_engine_is_settled_when_all_it_has_to_say_has_been_heard) {
    settle();
    BOOST_TEST(app.in.settled());
    eio::http_request handshake;
    handshake.method = "GET";
    handshake.path = "/socket.io/";
    handshake.query = "EIO=4&transport=websocket";
    const auto id = app.in.ws_open(std::move(handshake));
    app.in.catch_up();
    BOOST_TEST(!app.in.settled());
    (void)app.next<net::asgi_accept>();
    BOOST_TEST(app.next<net::asgi_send>().data.view().starts_with("{"));
    settle();
    BOOST_TEST(app.in.settled());
    // A ping to somebody behind a relay: its time to answer begins when the relay has come round.
    pass(25s);
    for (int i = 0; i < 100; ++i)
        BOOST_REQUIRE(!app.in.settled());
    unsigned rounds = 0;
    while (!app.in.settled()) {
        app.drain();
        app.in.relay_checked(~engine::shard_set{0});
        ++rounds;
    }
    BOOST_TEST(rounds >= 10U);
    BOOST_TEST(app.next<net::asgi_send>().connection == id);
}

BOOST_AUTO_TEST_CASE(time_of_an_engine_that_has_ended_passes_unnoticed) {
    app.in.close(0s);
    BOOST_TEST((app.in.pass_time(60s) == 60s));
    app.in.release_time();
    app.drain();
    BOOST_TEST(app.in.settled());
}

BOOST_AUTO_TEST_SUITE_END()
