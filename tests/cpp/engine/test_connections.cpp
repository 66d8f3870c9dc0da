// Connections that bring a request to a shard that does not have its session.
#include "engine/world.hpp"

#include <deque>

using namespace fake;

namespace {

struct fixture {
    // A session that is opened by polling, and in no namespace yet.
    std::string open_session(peer& by) {
        const auto [status, body] = by.get("transport=polling");
        BOOST_REQUIRE(status == 200);
        return sid_in(body);
    }
    static std::string polling(const std::string& sid) { return "transport=polling&sid=" + sid; }

    application app;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(connections, fixture)

BOOST_AUTO_TEST_CASE(one_connection_serves_sessions_of_every_shard_by_turns) {
    peer shared(app.port);
    std::vector<std::string> sids;
    for (unsigned i = 0; i < 2 * threads; ++i)
        sids.push_back(open_session(shared));
    for (int round = 0; round < 3; ++round)
        for (const auto& sid : sids)
            BOOST_TEST(
                shared.post(polling(sid), round == 0 ? "40" : "42[\"message\"]").second == "ok");
    for (const auto& sid : sids) {
        const auto [status, body] = shared.get(polling(sid));
        BOOST_TEST(status == 200);
        BOOST_TEST(body.starts_with("40{"));
        BOOST_TEST(
            (app.next<sio::message_event>(), app.next<sio::message_event>()).args.json ==
            "[\"message\"]");
    }
    BOOST_TEST(app.in.stats().sessions == sids.size());
}

BOOST_AUTO_TEST_CASE(each_request_may_come_on_a_connection_of_its_own) {
    std::deque<peer> peers;
    const auto fresh = [&]() -> peer& { return peers.emplace_back(app.port); };
    for (unsigned i = 0; i < threads; ++i) {
        const auto sid = open_session(fresh());
        BOOST_TEST(fresh().post(polling(sid), "40").second == "ok");
        const auto socket = sid_in(fresh().get(polling(sid)).second);
        app.emit({{socket}}, "hello");
        BOOST_TEST(fresh().get(polling(sid)).second == "42[\"hello\"]");
        BOOST_TEST(app.in.request_head(sid)->remote_address == "127.0.0.1");
    }
}

BOOST_AUTO_TEST_CASE(requests_of_several_shards_in_one_piece_are_answered_in_order) {
    peer opening(app.port);
    std::string all;
    for (unsigned i = 0; i < 2 * threads; ++i) {
        const auto query = polling(open_session(opening));
        all += peer::post_head(query, 2) + "40" + "GET /socket.io/?EIO=4&" + query +
               " HTTP/1.1\r\nHost: a\r\n\r\n";
    }
    peer piped(app.port);
    piped.send(all);
    for (unsigned i = 0; i < 2 * threads; ++i) {
        BOOST_TEST(piped.receive_response().second == "ok");
        BOOST_TEST(piped.receive_response().second.starts_with("40{"));
    }
}

BOOST_AUTO_TEST_CASE(a_body_that_is_still_arriving_moves_with_its_connection) {
    for (unsigned i = 0; i < threads; ++i) {
        peer opening(app.port);
        peer slow(app.port);
        const auto sid = open_session(opening);
        auto head = peer::post_head(polling(sid), 2);
        head.insert(head.size() - 2, "Expect: 100-continue\r\n");
        slow.send(head);
        BOOST_TEST(slow.receive_through("\r\n\r\n").starts_with("HTTP/1.1 100"));
        slow.send("4");
        slow.send("0");
        BOOST_TEST(slow.receive_response().second == "ok");
        BOOST_TEST(opening.get(polling(sid)).second.starts_with("40{"));
    }
}

BOOST_AUTO_TEST_CASE(a_poll_that_its_client_gives_up_ends_its_session_on_whichever_shard) {
    for (unsigned i = 0; i < threads; ++i) {
        peer opening(app.port);
        peer parked(app.port);
        const auto sid = open_session(opening);
        parked.send("GET /socket.io/?EIO=4&" + polling(sid) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        BOOST_TEST(opening.post(polling(sid), "3").second == "ok"); // behind the poll? either way
        parked.close();
        BOOST_TEST(app.next<sio::session_closed_event>().eio_sid.view() == sid);
    }
}

BOOST_AUTO_TEST_CASE(a_session_is_upgraded_on_the_shard_that_has_it) {
    for (unsigned i = 0; i < threads; ++i) {
        peer opening(app.port);
        const auto sid = open_session(opening);
        peer upgrade(app.port);
        BOOST_TEST(upgrade.become_websocket("transport=websocket&sid=" + sid) == 101);
        upgrade.send_frame("2probe");
        BOOST_TEST(upgrade.receive_frame() == "3probe");
        upgrade.send_frame("5");
        upgrade.send_frame("40");
        BOOST_TEST(upgrade.receive_frame().starts_with("40{"));
        BOOST_TEST(app.in.transport(sid).value() == "websocket");
    }
}

BOOST_AUTO_TEST_CASE(a_session_that_nobody_has_is_unknown_on_every_shard) {
    peer asking(app.port);
    for (const auto* sid :
         {"",
          "x",
          "AAAAAAAAAAAAAAAAAAAA",
          "AAAAAAAAAAAAAAAAAAAB",
          "AAAAAAAAAAAAAAAAAAAC",
          "AAAAAAAAAAAAAAAAAAAD",
          "twenty%20characters!!"})
        BOOST_TEST(
            asking.get(polling(sid)).second == R"({"code":1,"message":"Session ID unknown"})");
    BOOST_TEST(
        peer(app.port).become_websocket("transport=websocket&sid=AAAAAAAAAAAAAAAAAAAB") == 400);
}

BOOST_AUTO_TEST_CASE(connections_wherever_they_are_end_when_the_port_is_closed) {
    std::deque<peer> idle;
    for (unsigned i = 0; i < 2 * threads; ++i)
        open_session(idle.emplace_back(app.port));
    auto& fresh = idle.emplace_back(app.port);
    app.in.stop_listening();
    for (auto& each : idle)
        BOOST_TEST(each.ends());
    fresh.close();
    BOOST_TEST(app.in.stats().sessions == 2 * threads);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(sessions_of_all_shards_together_are_limited) {
    engine::config options;
    options.eio.max_sessions = 4;
    application app(options);
    std::deque<client> clients;
    for (int i = 0; i < 4; ++i)
        clients.emplace_back(app.port);
    for (unsigned i = 0; i < threads; ++i)
        BOOST_TEST(peer(app.port).become_websocket("transport=websocket") == 503);
    clients.front().close();
    (void)app.next<sio::session_closed_event>();
    clients.emplace_back(app.port);
    BOOST_TEST(peer(app.port).get("transport=polling").first == 503);
}

BOOST_AUTO_TEST_CASE(connections_of_all_shards_together_are_limited) {
    engine::config options;
    options.max_connections = threads;
    application app(options);
    std::deque<client> clients;
    for (unsigned i = 0; i < threads; ++i)
        clients.emplace_back(app.port);
    BOOST_TEST(app.in.stats().connections == threads);
    peer late(app.port);
    BOOST_TEST(late.receive_response().first == 503);
}

BOOST_AUTO_TEST_SUITE_END()
