// Clients that come back to another shard than the one that they are known on.
#include "engine/world.hpp"

#include <atomic>
#include <deque>
#include <memory>
#include <stop_token>
#include <thread>

using namespace fake;

namespace {

engine::config recovering() {
    engine::config options;
    options.sio.recovery.on = true;
    return options;
}

// As the JavaScript client: it keeps its pid and the offset of the last event.
struct returning {
    explicit returning(application& app) : app_(app) {}

    // A WebSocket on this shard: they are opened on each in turn.
    void open(unsigned shard) {
        for (unsigned i = 0; i < threads; ++i) {
            ws = std::make_unique<peer>(app_.port);
            BOOST_REQUIRE(ws->become_websocket("transport=websocket") == 101);
            eio_sid = sid_in(ws->receive_frame());
            if (base::shard_of(eio_sid, threads) == shard)
                return;
        }
        BOOST_FAIL("no session on that shard");
    }
    [[nodiscard]] std::string hello() const {
        if (pid.empty())
            return "40";
        return "40{\"pid\":\"" + pid + "\"" +
               (offset.empty() ? "" : ",\"offset\":\"" + offset + "\"") + "}";
    }
    void connect() {
        ws->send_frame(hello());
        is_welcome(receive());
    }
    void come(unsigned shard) {
        open(shard);
        connect();
    }
    void is_welcome(const std::string& packet) {
        BOOST_REQUIRE(packet.starts_with("40"));
        const auto at = packet.find("\"pid\":\"");
        BOOST_REQUIRE(at != packet.npos);
        const auto now = packet.substr(at + 7, base::sid::length);
        recovered = now == pid;
        pid = now;
        sid = sid_in(packet);
    }
    // The next packet that is no ping.
    std::string receive() {
        for (;;) {
            auto packet = ws->receive_frame();
            if (packet != "2")
                return packet;
            ws->send_frame("3");
        }
    }
    // The name of the next event.
    std::string event() {
        const auto packet = receive();
        BOOST_REQUIRE_MESSAGE(packet.starts_with("42[\""), packet);
        const auto comma = packet.rfind(",\"");
        offset = packet.substr(comma + 2, packet.size() - comma - 4);
        return packet.substr(4, packet.find('"', 4) - 4);
    }
    // The server has noticed that it is gone.
    void lose() {
        ws->close();
        BOOST_TEST(app_.next<sio::disconnect_event>().sid.view() == sid);
        app_.in.catch_up();
    }

    std::unique_ptr<peer> ws;
    std::string eio_sid;
    std::string sid;
    std::string pid;
    std::string offset;
    bool recovered = false;

private:
    application& app_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(lending)

BOOST_AUTO_TEST_CASE(who_comes_back_to_any_shard_is_the_same_and_gets_what_it_missed) {
    application app(recovering());
    returning c(app);
    c.come(0);
    const auto sid = c.sid;
    BOOST_TEST(!c.recovered);
    (void)app.in.enter_room(sid, "/", "x");
    for (unsigned round = 1; round <= 2 * threads; ++round) {
        app.emit({{"x"}}, "had");
        BOOST_TEST(c.event() == "had");
        c.lose();
        app.emit({{"x"}}, "room");
        app.emit({{sid}}, "sid");
        app.emit({}, "all");
        BOOST_TEST(app.in.participants("/", {}).empty());
        BOOST_TEST(app.in.away("/", {}).size() == 1U);
        c.come(round % threads);
        BOOST_TEST(c.recovered);
        BOOST_TEST(c.sid == sid);
        for (const auto* each : {"room", "sid", "all"})
            BOOST_TEST(c.event() == each);

        BOOST_TEST((app.in.rooms(sid, "/") == std::vector<std::string>{sid, "x"}));
        BOOST_TEST(app.in.eio_sid(sid, "/").value() == c.eio_sid);
        BOOST_TEST(app.in.sid(c.eio_sid, "/").value() == sid);
        BOOST_TEST(app.in.request_head(c.eio_sid)->query == "EIO=4&transport=websocket");
        BOOST_TEST(app.in.transport(c.eio_sid).value() == "websocket");
        BOOST_TEST(app.in.sessions().size() == 1U);
        BOOST_TEST(app.in.stats().sessions == 1U);
        c.ws->send_frame("427[\"message\"]");
        const auto asked = app.next<sio::message_event>();
        BOOST_TEST(asked.eio_sid.view() == c.eio_sid);
        app.in.events_done({{asked.eio_sid, 1}});
        app.in.send_ack(asked.sid, "/", 7, {"[]", {}});
        BOOST_TEST(c.receive() == "437[]");
    }
    app.in.disconnect(sid, "/");
    BOOST_TEST(c.receive() == "41");
}

BOOST_AUTO_TEST_CASE(what_it_says_before_it_is_known_there_is_heard_in_order) {
    for (const bool known : {true, false}) {
        application app(recovering());
        returning c(app);
        c.come(0);
        const auto sid = c.sid;
        c.lose();
        if (!known)
            app.in.disconnect(sid, "/"); // it may not come back
        c.open(1);
        c.ws->send_frame(c.hello());
        c.ws->send_frame("40/other,");
        c.is_welcome(c.receive());
        BOOST_TEST(c.recovered == known);
        BOOST_TEST((c.sid == sid) == known);
        BOOST_TEST(c.receive().starts_with("40/other,"));
        c.ws->send_frame("40/other,"); // twice
        BOOST_TEST(c.receive() == big_endian(1002, 2));
        for (int i = 0; i < 2; ++i)
            BOOST_TEST(
                (app.next<sio::disconnect_event>().reason == eio::close_reason::out_of_place));
    }
}

BOOST_AUTO_TEST_CASE(who_has_not_had_what_is_gone_is_a_new_client_wherever_it_comes) {
    application app(recovering());
    returning c(app);
    c.come(0);
    const auto sid = c.sid;
    c.lose();
    BOOST_TEST((app.next<sio::recovery_event>().step == sio::recovery_step::kept));
    c.offset = "nonsense";
    c.come(1);
    BOOST_TEST(!c.recovered);
    BOOST_TEST(c.sid != sid);
    BOOST_TEST((app.next<sio::recovery_event>().step == sio::recovery_step::expired));
    app.emit({}, "event");
    BOOST_TEST(c.event() == "event");
    c.lose();
    c.come(2);
    BOOST_TEST(c.recovered);
    c.lose();
    c.pid.replace(0, 8, "unknown!");
    c.come(1);
    BOOST_TEST(!c.recovered);
}

BOOST_AUTO_TEST_CASE(a_connection_that_only_seems_open_is_taken_over_from_any_shard) {
    application app(recovering());
    returning c(app);
    c.come(0);
    const auto sid = c.sid;
    std::deque<std::unique_ptr<peer>> deaf;
    for (unsigned round = 1; round <= 2 * threads; ++round) {
        deaf.push_back(std::move(c.ws));
        app.emit({}, "lost");
        c.open(round % threads);
        c.ws->send_frame(c.hello());
        BOOST_TEST(
            (app.next<sio::disconnect_event>().reason == eio::close_reason::transport_close));
        c.is_welcome(c.receive());
        BOOST_TEST(c.recovered);
        BOOST_TEST(c.sid == sid);
        BOOST_TEST(c.event() == "lost");
    }
}

BOOST_AUTO_TEST_CASE(either_side_ends_it_for_both) {
    application app(recovering());
    returning c(app);
    c.come(0);
    const auto lend = [&] {
        c.lose();
        c.come(1);
        BOOST_REQUIRE(c.recovered);
    };
    lend();
    c.ws->send_frame("1"); // it closes its session
    BOOST_TEST((app.next<sio::disconnect_event>().reason == eio::close_reason::client_disconnect));
    c.come(2);
    BOOST_TEST(c.recovered);
    app.in.close_session(c.eio_sid);
    BOOST_TEST((app.next<sio::disconnect_event>().reason == eio::close_reason::session_closed));
    BOOST_TEST(c.receive() == big_endian(1000, 2));
    c.come(0);
    BOOST_TEST(!c.recovered);
    lend();
    app.emit({{c.sid}}, "last");
    app.in.close_sessions(
        {c.eio_sid}, eio::close_reason::server_shutdown, engine::closing::when_sent);
    BOOST_TEST(c.event() == "last");
    BOOST_TEST(c.receive() == big_endian(1012, 2));
    BOOST_TEST((app.next<sio::disconnect_event>().reason == eio::close_reason::server_shutdown));
    c.come(0);
    lend();
    app.emit({}, "end");
    app.in.close(2s);
    BOOST_TEST(c.event() == "end");
    BOOST_TEST(c.receive() == big_endian(1012, 2));
}

BOOST_AUTO_TEST_CASE(who_comes_to_a_server_that_takes_nobody_any_more_is_told_as_closed) {
    application app(recovering());
    returning c(app);
    c.come(0);
    c.lose();
    c.open(1);
    app.in.stop_accepting();
    app.in.catch_up();
    c.ws->send_frame(c.hello());
    BOOST_TEST(c.receive() == big_endian(1012, 2));
    while (app.next<sio::session_closed_event>().eio_sid.view() != c.eio_sid)
        continue;
}

BOOST_AUTO_TEST_CASE(it_may_poll_and_upgrade) {
    application app(recovering());
    returning c(app);
    c.come(0);
    const auto sid = c.sid;
    c.lose();
    app.emit({}, "missed");
    std::unique_ptr<peer> polling;
    std::string query;
    do {
        polling = std::make_unique<peer>(app.port);
        c.eio_sid = sid_in(polling->get("transport=polling").second);
        query = "transport=polling&sid=" + c.eio_sid;
    } while (base::shard_of(c.eio_sid, threads) == 0U);
    BOOST_TEST(polling->post(query, c.hello()).second == "ok");
    std::string polled;
    while (polled.find("missed") == polled.npos)
        polled += polling->get(query).second;
    BOOST_TEST(sid_in(polled) == sid);
    BOOST_TEST(app.in.transport(c.eio_sid).value() == "polling");
    polling->send("GET /socket.io/?EIO=4&" + query + " HTTP/1.1\r\nHost: a\r\n\r\n");
    c.ws = std::make_unique<peer>(app.port);
    BOOST_TEST(c.ws->become_websocket("transport=websocket&sid=" + c.eio_sid) == 101);
    c.ws->send_frame("2probe");
    BOOST_TEST(c.ws->receive_frame() == "3probe");
    BOOST_TEST(polling->receive_response().second == "6");
    c.ws->send_frame("5");
    app.emit({}, "upgraded");
    BOOST_TEST(c.event() == "upgraded");
    BOOST_TEST(app.in.transport(c.eio_sid).value() == "websocket");
    BOOST_TEST(app.in.is_connected(sid, "/"));
}

BOOST_AUTO_TEST_CASE(pongs_confirm_there_what_was_sent_here) {
    auto options = recovering();
    options.eio.ping_interval = 5ms;
    options.sio.recovery.max_bytes = 1'500;
    application app(options);
    returning c(app);
    c.come(0);
    for (int round = 0; round < 4; ++round) {
        c.lose();
        app.emit({}, "missed");
        c.come(1);
        BOOST_TEST(c.recovered); // though more has been sent than is kept
        BOOST_TEST(c.event() == "missed");
        for (int i = 0; i < 20; ++i) {
            app.emit({}, "event");
            BOOST_TEST(c.event() == "event");
            BOOST_TEST(c.ws->receive_frame() == "2");
            c.ws->send_frame("3");
        }
    }
}

BOOST_AUTO_TEST_CASE(it_gets_volatile_events_while_others_are_on_their_way) {
    application app(recovering());
    returning c(app);
    c.come(0);
    c.lose();
    c.come(1);
    constexpr int sent = 300;
    for (int i = 0; i < sent; ++i) {
        app.emit({}, "event");
        app.in.catch_up();
        app.in.emit(
            "/", {.rooms = {}, .skip_sids = {}, .is_volatile = true}, {"[\"volatile\"]", {}}, 0);
        app.in.catch_up();
    }
    app.emit({}, "last");
    int had = 0;
    for (auto event = c.event(); event != "last"; event = c.event())
        had += event == "volatile" ? 1 : 0;
    BOOST_TEST(had == sent); // far less than a connection takes at a time
}

BOOST_AUTO_TEST_CASE(what_is_on_its_way_when_it_is_closed_arrives) {
    application app(recovering());
    for (int round = 0; round < 50; ++round) {
        returning c(app);
        c.come(0);
        if (round % 2 == 0) {
            c.lose();
            c.come(1);
        }
        app.emit({{c.sid}}, "event");
        app.in.catch_up();
        app.emit({{c.sid}}, "last");
        app.in.close_session(c.eio_sid);
        BOOST_TEST(c.event() == "event");
        BOOST_TEST(c.event() == "last");
        BOOST_TEST(c.receive() == big_endian(1000, 2));
        (void)app.next<sio::disconnect_event>();
    }
}

BOOST_AUTO_TEST_CASE(what_waits_for_it_on_both_shards_is_counted_together) {
    auto options = recovering();
    options.eio.send_buffer_bytes = 64 * 1024 * 1024;
    application app(options);
    returning c(app);
    c.come(0);
    c.lose();
    c.come(1);
    const std::string large(1'000'000, 'x');
    for (const int sent : {30, 2}) { // it reads nothing: those at last wait behind the others
        for (int i = 0; i < sent; ++i)
            app.emit({}, large);
        while (!app.in.settled())
            app.drain();
    }
    const auto waiting = app.in.slowest(10);
    BOOST_REQUIRE(waiting.size() == 1U);
    BOOST_TEST(waiting.front().first == c.eio_sid);
    BOOST_TEST(waiting.front().second == app.in.queued_bytes(c.eio_sid).value());
    BOOST_TEST(waiting.front().second == app.in.stats().queued_bytes);
}

BOOST_AUTO_TEST_CASE(a_client_that_is_not_heard_is_not_read) {
    application app(recovering());
    returning c(app);
    c.come(0);
    c.lose();
    c.come(1);
    constexpr int sent = 4'000;
    std::string frames;
    for (int i = 0; i < sent; ++i)
        frames += frame(fin | text_frame, "42[\"message\"," + std::to_string(i) + "]");
    c.ws->send(frames); // the sockets' buffers hold more
    // Both halves stop at a thousand, and a few that were under way.
    std::size_t waiting = 0;
    for (std::size_t before = 1; waiting != before;) {
        before = waiting;
        std::this_thread::sleep_for(50ms);
        waiting = app.count<sio::message_event>();
    }
    BOOST_TEST(waiting >= 1'000U);
    BOOST_TEST(waiting < 3'000U);
    for (int i = 0; i < sent; ++i) {
        const auto heard = app.next<sio::message_event>();
        BOOST_REQUIRE(heard.args.json == "[\"message\"," + std::to_string(i) + "]");
        app.in.events_done({{heard.eio_sid, 1}});
    }
}

// For ThreadSanitizer as well.
BOOST_AUTO_TEST_CASE(every_event_arrives_once_and_in_order_while_connections_break) {
    application app(recovering());
    returning c(app);
    c.come(0);
    const auto sid = c.sid;
    (void)app.in.enter_room(sid, "/", "x");
    std::atomic<int> sent = 0;
    std::atomic<int> had = 0;
    std::jthread emitting([&](const std::stop_token& over) {
        const std::vector<std::string> ways[] = {{"x"}, {sid}, {"x", sid}};
        for (int i = 0; !over.stop_requested(); std::this_thread::sleep_for(20us)) {
            if (i - had > 500)
                continue; // more than is kept would be too much, and rightly so
            app.in.emit(
                "/",
                {.rooms = ways[i % 3], .skip_sids = {}},
                {"[\"" + std::to_string(i) + "\"]", {}},
                0);
            sent = ++i;
        }
    });
    for (unsigned round = 0; round < 60; ++round) {
        if (round % 2 == 0)
            c.ws->close(); // what is in it is lost
        const auto before = std::move(c.ws);
        c.open(round % threads);
        c.ws->send_frame(c.hello());
        (void)app.next<sio::disconnect_event>();
        c.is_welcome(c.receive());
        BOOST_REQUIRE(c.recovered);
        BOOST_REQUIRE(c.sid == sid);
        for (unsigned i = 0; i < 1 + round % 5; ++i, ++had)
            BOOST_REQUIRE(c.event() == std::to_string(had));
    }
    emitting.request_stop();
    emitting.join();
    for (; had < sent; ++had)
        BOOST_REQUIRE(c.event() == std::to_string(had));
}

BOOST_AUTO_TEST_SUITE_END()
