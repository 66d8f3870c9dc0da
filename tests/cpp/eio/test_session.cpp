#include "eio/world.hpp"

#include <boost/test/unit_test.hpp>

using eio::close_reason;
using fake::world;
using namespace std::chrono_literals;

namespace {

const auto lines = [](std::initializer_list<const char*> list) {
    return std::vector<std::string>(list.begin(), list.end());
};

void queue(eio::session& to, std::string_view text) {
    to.send({eio::packet_type::message, false, base::bytes(text)});
}

} // namespace

BOOST_AUTO_TEST_SUITE(session)

BOOST_AUTO_TEST_CASE(what_one_turn_queues_is_sent_at_once_and_in_order) {
    world w;
    const auto ws = w.open_websocket();
    BOOST_TEST(ws->sent.at(0).starts_with("0{\"sid\":\""));
    BOOST_TEST(ws->sent.at(0).find("\"upgrades\":[]") != std::string::npos);
    ws->sent.clear();
    ws->sends = 0;
    queue(*w.app.last, "a");
    w.app.last->send({eio::packet_type::message, true, base::bytes("bin")});
    queue(*w.app.last, "b");
    w.turn();
    BOOST_TEST(ws->sends == 1);
    BOOST_TEST((ws->sent == lines({"4a", "<bin>", "4b"})));
}

BOOST_AUTO_TEST_CASE(the_server_pings_and_a_pong_moves_the_next_ping) {
    world w;
    const auto ws = w.open_websocket();
    ws->sent.clear();
    w.pass(24'999ms);
    BOOST_TEST(ws->sent.empty());
    w.pass(1ms);
    BOOST_TEST((ws->sent == lines({"2"})));
    w.pass(19'999ms);
    w.receive(*ws, "3");
    w.pass(24'999ms);
    BOOST_TEST((ws->sent == lines({"2"})));
    w.pass(1ms);
    BOOST_TEST((ws->sent == lines({"2", "2"})));
    BOOST_TEST(w.app.closed.empty());
}

BOOST_AUTO_TEST_CASE(a_missing_pong_closes_exactly_at_its_deadline) {
    world w;
    const auto ws = w.open_websocket();
    w.pass(25s);
    w.receive(*ws, "4still talking"); // speaking is not answering
    w.pass(19'999ms);
    BOOST_TEST(w.app.closed.empty());
    BOOST_TEST((w.server.next_deadline() == w.now + 1ms));
    w.pass(1ms);
    BOOST_TEST((w.app.closed == std::vector{close_reason::ping_timeout}));
    BOOST_TEST(ws->closed.has_value());
    BOOST_TEST(w.server.session_count() == 0U);
}

BOOST_AUTO_TEST_CASE(a_session_that_is_not_read_owes_no_pong) {
    world w;
    w.app.count_unhandled = true;
    const auto ws = w.open_websocket();
    for (int i = 0; i < 1'000; ++i)
        w.receive(*ws, "4x");
    BOOST_TEST(ws->paused);
    w.pass(60s);
    w.pass(60s);
    BOOST_TEST(w.app.closed.empty());
    w.app.last->remove_unhandled(1'000, w.now);
    BOOST_TEST(!ws->paused);
    w.pass(19'999ms);
    BOOST_TEST(w.app.closed.empty());
    w.pass(1ms);
    BOOST_TEST((w.app.closed == std::vector{close_reason::ping_timeout}));
}

BOOST_AUTO_TEST_CASE(behind_a_relay_the_pongs_time_begins_when_the_ping_has_left_it) {
    world w;
    const auto ws = w.open_websocket();
    ws->from = eio::door::bridge;
    w.pass(25s);
    BOOST_TEST(w.relay_questions == 1);
    w.pass(60s); // the relay is busy: its clients lose nothing
    BOOST_TEST(w.app.closed.empty());
    w.relay_comes_round(10);
    w.pass(19'999ms);
    BOOST_TEST(w.app.closed.empty());
    w.receive(*ws, "3");
    w.pass(24'999ms);
    BOOST_TEST(w.app.closed.empty());
}

BOOST_AUTO_TEST_CASE(behind_a_relay_silence_counts_when_the_relay_has_had_time_to_bring_the_pong) {
    world w;
    const auto late = w.open_websocket();
    const auto silent = w.open_websocket();
    late->from = silent->from = eio::door::bridge;
    w.pass(25s);
    w.relay_comes_round(10);
    w.pass(20s);
    w.relay_comes_round(9);
    BOOST_TEST(w.app.closed.empty());
    w.receive(*late, "3"); // it had arrived, and the relay was late
    w.relay_comes_round(1);
    BOOST_TEST((w.app.closed == std::vector{close_reason::ping_timeout}));
    BOOST_TEST(silent->closed.has_value());
    BOOST_TEST(!late->closed.has_value());
}

BOOST_AUTO_TEST_CASE(an_upgrade_keeps_order_and_lets_the_poll_go) {
    world w;
    const auto sid = w.open_polling();
    const auto ws = w.open_websocket(sid);
    BOOST_REQUIRE(ws);
    const auto parked = w.get(sid);
    w.receive(*ws, "2probe");
    BOOST_TEST((ws->sent == lines({"3probe"})));
    BOOST_REQUIRE(parked->response);
    BOOST_TEST(parked->response->body == "6");
    queue(*w.app.last, "a"); // nobody polls: waits for the upgrade
    w.turn();
    w.receive(*ws, "5");
    queue(*w.app.last, "b");
    w.turn();
    BOOST_TEST((ws->sent == lines({"3probe", "4a", "4b"})));
    BOOST_TEST((w.app.last->transport_in_use() == eio::transport_kind::websocket));
    BOOST_TEST(w.get(sid)->response->status == 400);
    BOOST_TEST(w.post(sid, "4x")->response->status == 400);
    BOOST_TEST(!w.open_websocket(sid));
    BOOST_TEST(w.app.closed.empty());
    w.receive(*ws, "4over websocket");
    BOOST_TEST((w.app.heard == lines({"over websocket"})));
}

BOOST_AUTO_TEST_CASE(polling_goes_on_until_the_upgrade_is_confirmed) {
    world w;
    const auto sid = w.open_polling();
    const auto ws = w.open_websocket(sid);
    w.receive(*ws, "2probe");
    queue(*w.app.last, "still polled");
    const auto poll = w.get(sid);
    BOOST_REQUIRE(poll->response);
    BOOST_TEST(poll->response->body == "4still polled");
    const auto next = w.get(sid); // nothing to say: a noop, so that the client can pause
    BOOST_REQUIRE(next->response);
    BOOST_TEST(next->response->body == "6");
    BOOST_TEST(w.post(sid, "4sent")->response->status == 200);
    BOOST_TEST((w.app.heard == lines({"sent"})));
}

BOOST_AUTO_TEST_CASE(a_bad_probe_costs_the_probe_and_not_the_session) {
    for (const auto* frame : {"4hello", "5", "2", "2other", "x", ""}) {
        world w;
        const auto sid = w.open_polling();
        const auto ws = w.open_websocket(sid);
        w.receive(*ws, frame);
        BOOST_TEST_CONTEXT(frame) {
            BOOST_TEST(ws->closed.has_value());
            BOOST_TEST(w.app.closed.empty());
            BOOST_TEST(w.app.heard.empty());
            BOOST_TEST(w.open_websocket(sid) != nullptr); // it may try again
        }
    }
}

BOOST_AUTO_TEST_CASE(a_probe_has_ten_seconds) {
    world w;
    const auto sid = w.open_polling();
    const auto ws = w.open_websocket(sid);
    w.receive(*ws, "2probe");
    w.pass(9'999ms);
    BOOST_TEST(!ws->closed.has_value());
    w.pass(1ms);
    BOOST_TEST(ws->closed.has_value());
    BOOST_TEST(w.app.closed.empty());
}

BOOST_AUTO_TEST_CASE(a_probe_that_breaks_leaves_polling_as_it_was) {
    world w;
    const auto sid = w.open_polling();
    const auto ws = w.open_websocket(sid);
    w.receive(*ws, "2probe");
    ws->owner->on_transport_closed(*ws, true, w.now);
    const auto poll = w.get(sid);
    BOOST_TEST(!poll->response);
    BOOST_TEST(w.app.closed.empty());
}

BOOST_AUTO_TEST_CASE(a_bad_packet_closes_the_session) {
    const std::vector<std::pair<const char*, close_reason>> bad = {
        {"", close_reason::parse_error},
        {"x", close_reason::parse_error},
        {"7", close_reason::parse_error},
        {"9", close_reason::parse_error},
        {"2", close_reason::transport_error},
        {"2probe", close_reason::transport_error},
        {"0", close_reason::transport_error},
        {"5", close_reason::transport_error}};
    for (const auto& [frame, reason] : bad) {
        world w;
        const auto ws = w.open_websocket();
        w.receive(*ws, frame);
        BOOST_TEST_CONTEXT(frame) {
            BOOST_TEST((w.app.closed == std::vector{reason}));
            BOOST_TEST(ws->closed.has_value());
            BOOST_TEST(ws->owner == nullptr);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_slow_peer_is_closed_after_its_time_and_recovers_before) {
    world w;
    const auto ws = w.open_websocket();
    ws->takes = false;
    queue(*w.app.last, std::string(3 << 20, 'x')); // one of any size may enter an empty queue
    w.turn();
    BOOST_TEST(w.app.closed.empty());
    w.pass(4'999ms);
    BOOST_TEST(w.app.closed.empty());
    ws->takes = true;
    ws->owner->on_writable(*ws, w.now);
    w.turn();
    w.pass(10s);
    BOOST_TEST(w.app.closed.empty());

    ws->takes = false;
    queue(*w.app.last, std::string(3 << 20, 'x'));
    w.turn();
    w.pass(5s);
    BOOST_TEST((w.app.closed == std::vector{close_reason::slow_peer}));
}

BOOST_AUTO_TEST_CASE(a_queue_of_twice_the_bound_closes_at_the_end_of_the_turn) {
    world w;
    const auto ws = w.open_websocket();
    ws->takes = false;
    for (int i = 0; i < 5; ++i)
        queue(*w.app.last, std::string(1 << 19, 'x'));
    BOOST_TEST(w.app.closed.empty()); // whoever sends may be walking through a room
    w.turn();
    BOOST_TEST((w.app.closed == std::vector{close_reason::slow_peer}));
}

BOOST_AUTO_TEST_CASE(a_peer_that_takes_what_it_is_sent_gets_all_of_a_turn) {
    world w;
    const auto ws = w.open_websocket();
    const auto before = ws->sent.size();
    for (int i = 0; i < 20; ++i)
        queue(*w.app.last, std::string(1 << 19, 'x')); // ten times the bound
    w.turn();
    BOOST_TEST(w.app.closed.empty());
    BOOST_TEST(ws->sent.size() == before + 20);
}

BOOST_AUTO_TEST_CASE(who_has_lost_a_packet_is_closed_even_if_it_takes_the_others) {
    world w;
    const auto ws = w.open_websocket();
    ws->takes = false;
    for (int i = 0; i < 6; ++i)
        queue(*w.app.last, std::string(1 << 19, 'x'));
    ws->takes = true; // in the same turn
    w.turn();
    BOOST_TEST((w.app.closed == std::vector{close_reason::slow_peer}));
}

BOOST_AUTO_TEST_CASE(a_session_closes_once_its_peer_has_been_sent_all) {
    world w;
    const auto ws = w.open_websocket();
    auto& slow = *w.app.last;
    ws->takes = false;
    queue(slow, "last words");
    slow.close_when_sent(close_reason::server_shutdown);
    w.turn();
    BOOST_TEST(w.app.closed.empty());
    ws->takes = true;
    ws->owner->on_writable(*ws, w.now);
    w.turn();
    BOOST_TEST((w.app.closed == std::vector{close_reason::server_shutdown}));
    BOOST_TEST((ws->sent.back() == "4last words"));
}

BOOST_AUTO_TEST_CASE(a_client_that_polls_is_told_of_the_end_by_the_poll_behind_the_last_words) {
    world w;
    const auto sid = w.open_polling();
    queue(*w.app.last, "last words");
    w.app.last->close_when_sent(close_reason::server_shutdown);
    w.turn();
    BOOST_TEST(w.app.closed.empty());
    const auto poll = w.get(sid);
    w.turn();
    BOOST_TEST(poll->response->body == "4last words");
    BOOST_TEST(w.app.closed.empty());
    const auto behind = w.get(sid);
    w.turn();
    BOOST_TEST(behind->response->body == "1");
    BOOST_TEST((w.app.closed == std::vector{close_reason::server_shutdown}));
}

BOOST_AUTO_TEST_CASE(a_handler_may_close_the_session_that_it_hears) {
    world w;
    const auto ws = w.open_websocket();
    w.receive(*ws, "4please close");
    BOOST_TEST((w.app.closed == std::vector{close_reason::server_disconnect}));
    const auto sid = w.open_polling();
    BOOST_TEST(
        w.post(
             sid,
             "4please close\x1e"
             "4unheard")
            ->responses == 1);
    BOOST_TEST((w.app.heard == lines({"please close", "please close"})));
}

BOOST_AUTO_TEST_CASE(a_full_server_refuses_with_503) {
    eio::config options;
    options.max_sessions = 1;
    world w(options);
    (void)w.open_polling();
    BOOST_TEST(w.get()->response->status == 503);
    BOOST_TEST(!w.open_websocket());
}

BOOST_AUTO_TEST_CASE(no_turn_flushes_more_than_some_hundred_sessions) {
    world w;
    std::vector<std::shared_ptr<fake::websocket>> all;
    for (int i = 0; i < 600; ++i) {
        all.push_back(w.open_websocket());
        all.back()->sent.clear();
        queue(*w.app.last, "x");
    }
    const auto count = [&] {
        return std::count_if(
            all.begin(), all.end(), [](const auto& ws) { return !ws->sent.empty(); });
    };
    // Opening has flushed some already: ask all again in one turn.
    w.turn();
    for (auto& ws : all)
        ws->sent.clear();
    for (auto& ws : all)
        ws->owner->on_frame(*ws, "4echo", false, w.now);
    w.server.flush(w.now);
    BOOST_TEST(count() == 250);
    w.server.flush(w.now);
    BOOST_TEST(count() == 500);
    w.server.flush(w.now);
    BOOST_TEST(count() == 600);
    BOOST_TEST(!w.server.unfinished());
}

BOOST_AUTO_TEST_CASE(sessions_that_leave_together_are_freed_in_turns_and_none_is_kept) {
    world w;
    std::vector<std::weak_ptr<fake::websocket>> all;
    for (int i = 0; i < 600; ++i) {
        const auto opened = w.open_websocket();
        queue(*w.app.last, "x"); // half-way between two flushes
        all.push_back(opened);
    }
    w.server.close_all(eio::close_reason::server_disconnect, w.now);
    BOOST_TEST(w.server.session_count() == 0U);
    const auto kept = [&] {
        return std::ranges::count_if(all, [](const auto& each) { return !each.expired(); });
    };
    BOOST_TEST(kept() == 600); // whoever has closed them may still be using them
    w.server.flush(w.now);
    BOOST_TEST(kept() == 350);
    w.turn();
    BOOST_TEST(kept() == 0);
    BOOST_TEST(!w.server.unfinished());
    BOOST_TEST(!w.server.next_deadline());
}

BOOST_AUTO_TEST_SUITE_END()
