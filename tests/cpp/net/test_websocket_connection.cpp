#include "net/frames.hpp"
#include "net/websocket_connection.hpp"
#include "net/world.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <memory>
#include <optional>

using namespace fake;
using eio::close_code;

namespace {

struct owner final : eio::transport_owner {
    void on_frame(
        eio::transport& from, std::string_view data, bool binary, base::time_point now) override {
        BOOST_TEST((now != base::time_point{}));
        heard.push_back((binary ? "binary " : "text ") + std::string(data));
        if (on_each)
            on_each(from);
    }
    void on_transport_closed(eio::transport&, bool failed, base::time_point) override {
        closed.push_back(failed);
    }
    void on_writable(eio::transport&, base::time_point) override { ++writable; }

    std::vector<std::string> heard;
    std::vector<bool> closed;
    int writable = 0;
    std::function<void(eio::transport&)> on_each;
};

struct fixture {
    fixture() : fixture(0) {}
    explicit fixture(int send_buffer) {
        const auto [ours, theirs] = tcp_pair();
        if (send_buffer)
            ::setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
        peer.emplace(shard, theirs);
        connection = std::make_shared<net::websocket_connection>(
            shard.context, shard.socket_of(ours), shard.counted(), eio::door::listen, "");
        watched = connection;
        connection->set_owner(&owner);
    }
    ~fixture() {
        connection.reset();
        peer->close();
        // Nothing but a pending operation may keep a connection alive, and closing ends those.
        BOOST_TEST(shard.run_until([&] { return watched.expired(); }));
        BOOST_TEST(shard.context.deadlines.empty());
    }
    void start(std::string already_read = {}) { connection->start(std::move(already_read)); }
    void send_text(std::string_view data) {
        const eio::packet packet{eio::packet_type::message, false, base::bytes(data)};
        connection->send({&packet, 1});
    }
    bool wait_for_frames(std::size_t count) {
        return shard.run_until([&] { return owner.heard.size() >= count; });
    }
    bool wait_for_close() {
        return shard.run_until([&] { return !owner.closed.empty(); });
    }

    // No test may pass because a real second has gone by.
    fake::shard shard{{}, {.close_time = 1h}};
    ::owner owner;
    std::optional<client> peer;
    std::shared_ptr<net::websocket_connection> connection;
    std::weak_ptr<net::websocket_connection> watched;
};

struct narrow : fixture {
    narrow() : fixture(8 * 1024) {}
};

std::string closed_with(std::uint16_t code) {
    return "\x88\x02" + big_endian(code, 2);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(websocket_connection, fixture)

BOOST_AUTO_TEST_CASE(frames_arrive_and_packets_leave) {
    start();
    peer->send(frame(fin | text_frame, "4hello") + frame(fin | binary_frame, "bin"));
    BOOST_TEST(wait_for_frames(2));
    BOOST_TEST((owner.heard == std::vector<std::string>{"text 4hello", "binary bin"}));
    const eio::packet packets[] = {
        {eio::packet_type::message, false, base::bytes("hi")},
        {eio::packet_type::message, true, base::bytes("raw")},
        {eio::packet_type::ping, false, {}}};
    connection->send(packets);
    BOOST_TEST(
        peer->receive(13) == "\x81\x03"
                             "4hi"
                             "\x82\x03"
                             "raw"
                             "\x81\x01"
                             "2");
}

BOOST_AUTO_TEST_CASE(what_came_with_the_handshake_is_read_first) {
    start(frame(fin | text_frame, "4first") + frame(fin | text_frame, "4sec").substr(0, 3));
    peer->send(frame(fin | text_frame, "4sec").substr(3));
    BOOST_TEST(wait_for_frames(2));
    BOOST_TEST((owner.heard == std::vector<std::string>{"text 4first", "text 4sec"}));
}

BOOST_AUTO_TEST_CASE(a_large_payload_is_framed_once_for_all) {
    start();
    const base::bytes shared(std::string(70'000, 'x'));
    const eio::packet packets[] = {
        {eio::packet_type::message, false, shared}, {eio::packet_type::message, false, shared}};
    connection->send(packets);
    const auto one = "\x81\x7f" + big_endian(70'001, 8) + "4" + std::string(70'000, 'x');
    BOOST_TEST((peer->receive(2 * one.size()) == one + one));
}

BOOST_AUTO_TEST_CASE(a_ping_is_answered) {
    start();
    peer->send(frame(fin | ping_frame, "are you there"));
    BOOST_TEST(
        peer->receive(15) == "\x8a\x0d"
                             "are you there");
}

BOOST_AUTO_TEST_CASE(the_peers_close_is_answered_and_the_owner_told) {
    start();
    peer->send(close_with(1001));
    BOOST_TEST(peer->receive_all() == closed_with(1001));
    BOOST_TEST((owner.closed == std::vector<bool>{false}));
}

BOOST_AUTO_TEST_CASE(a_violation_is_named_to_the_peer_and_a_failure_to_the_owner) {
    start();
    peer->send(
        frame(fin | text_frame, "4a") + frame(fin | text_frame, "\xff") +
        frame(fin | text_frame, "4late"));
    BOOST_TEST(peer->receive_all() == closed_with(1007));
    BOOST_TEST(!peer->was_reset);
    BOOST_TEST((owner.heard == std::vector<std::string>{"text 4a"}));
    BOOST_TEST((owner.closed == std::vector<bool>{true}));
}

BOOST_AUTO_TEST_CASE(a_violation_does_not_reset_a_peer_that_is_still_sending) {
    start();
    peer->send(std::string(2, '\0') + std::string(300'000, 'x'));
    BOOST_TEST(peer->receive_all() == closed_with(1002));
    BOOST_TEST(!peer->was_reset);
}

BOOST_AUTO_TEST_CASE(close_says_goodbye_and_waits_for_the_peers) {
    start();
    send_text("last");
    connection->close(close_code::service_restart);
    BOOST_TEST(
        peer->receive(7) == "\x81\x05"
                            "4last");
    BOOST_TEST(peer->receive(4) == closed_with(1012));
    peer->send(frame(fin | text_frame, "4unheard") + close_with(1012));
    BOOST_TEST(peer->receive_all() == "");
    BOOST_TEST(owner.heard.empty());
    BOOST_TEST(owner.closed.empty());
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_close_as_well_is_dropped_in_time) {
    start();
    connection->close(close_code::normal);
    connection.reset();
    shard.pass(59min);
    BOOST_TEST(!watched.expired());
    shard.pass(61min);
    BOOST_TEST(peer->receive_all() == closed_with(1000));
}

BOOST_AUTO_TEST_CASE(a_peer_that_ends_without_a_close_has_closed) {
    start();
    peer->half_close();
    BOOST_TEST(wait_for_close());
    BOOST_TEST((owner.closed == std::vector<bool>{false}));
    send_text("into the void");
    BOOST_TEST(!connection->writable());
}

BOOST_AUTO_TEST_CASE(a_write_that_fails_is_told_after_the_callers_turn) {
    start();
    connection->pause_reading();
    peer->close();
    for (int i = 0; i < 3; ++i)
        send_text("lost");
    BOOST_TEST(owner.closed.empty());
    BOOST_TEST(wait_for_close());
    BOOST_TEST((owner.closed == std::vector<bool>{true}));
}

BOOST_AUTO_TEST_CASE(the_owner_may_close_inside_a_frame) {
    start();
    owner.on_each = [&](eio::transport& from) { from.close(close_code::normal); };
    peer->send(frame(fin | text_frame, "4a") + frame(fin | text_frame, "4b") + close_with(1000));
    BOOST_TEST(peer->receive_all() == closed_with(1000));
    BOOST_TEST((owner.heard == std::vector<std::string>{"text 4a"}));
    BOOST_TEST(owner.closed.empty());
}

BOOST_AUTO_TEST_CASE(a_paused_connection_hands_over_nothing_until_it_goes_on) {
    start();
    owner.on_each = [&](eio::transport& from) {
        if (owner.heard.size() == 2)
            from.pause_reading();
    };
    std::string stream;
    for (int i = 0; i < 20'000; ++i)
        stream += frame(fin | text_frame, "4" + std::to_string(i));
    bool sent = false;
    while (!sent) {
        peer->send(stream.substr(0, 60'000));
        sent = true;
    }
    BOOST_TEST(wait_for_frames(2));
    shard.loop.restart();
    shard.loop.poll();
    BOOST_TEST(owner.heard.size() == 2u);
    connection->resume_reading();
    peer->send(stream.substr(60'000));
    BOOST_TEST(wait_for_frames(20'000));
    for (std::size_t i = 0; i < owner.heard.size(); ++i)
        BOOST_REQUIRE(owner.heard[i] == "text 4" + std::to_string(i));
}

BOOST_AUTO_TEST_CASE(what_arrives_during_a_pause_is_read_after_it) {
    start();
    connection->pause_reading();
    peer->send(frame(fin | text_frame, "4a"));
    shard.loop.restart();
    while (shard.loop.run_one_for(20ms)) {
    }
    BOOST_TEST(owner.heard.empty());
    connection->resume_reading();
    BOOST_TEST(wait_for_frames(1));
}

BOOST_AUTO_TEST_CASE(pausing_and_going_on_inside_one_frame_loses_nothing) {
    start();
    owner.on_each = [&](eio::transport& from) {
        from.pause_reading();
        from.resume_reading();
    };
    peer->send(
        frame(fin | text_frame, "4a") + frame(fin | text_frame, "4b") +
        frame(fin | text_frame, "4c"));
    BOOST_TEST(wait_for_frames(3));
}

BOOST_AUTO_TEST_CASE(closing_a_paused_connection_still_sees_the_peers_close) {
    start();
    owner.on_each = [&](eio::transport& from) { from.pause_reading(); };
    peer->send(frame(fin | text_frame, "4a") + frame(fin | text_frame, "4b") + close_with(1000));
    BOOST_TEST(wait_for_frames(1));
    connection->close(close_code::normal);
    BOOST_TEST(peer->receive_all() == closed_with(1000));
    BOOST_TEST(owner.heard.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_paused_connection_that_is_forgotten_is_freed) {
    start();
    connection->pause_reading();
    connection->set_owner(nullptr);
    connection.reset();
    peer->send(frame(fin | text_frame, "4a"));
    BOOST_TEST(shard.run_until([&] { return watched.expired(); }));
}

BOOST_AUTO_TEST_CASE(closing_before_the_start_still_answers_the_handshake) {
    const auto [ours, theirs] = tcp_pair();
    client other(shard, theirs);
    const auto second = std::make_shared<net::websocket_connection>(
        shard.context,
        shard.socket_of(ours),
        shard.counted(),
        eio::door::listen,
        "HTTP/1.1 101\r\n\r\n");
    second->close(close_code::normal);
    second->start(close_with(1000));
    BOOST_TEST(other.receive_all() == "HTTP/1.1 101\r\n\r\n" + closed_with(1000));
}

BOOST_AUTO_TEST_CASE(an_exception_from_above_costs_only_this_connection) {
    start();
    owner.on_each = [](eio::transport&) { throw std::runtime_error("a fault"); };
    peer->send(frame(fin | text_frame, "4a"));
    BOOST_TEST(wait_for_close());
    BOOST_TEST((owner.closed == std::vector<bool>{true}));
    BOOST_TEST(shard.log.lines.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_does_not_read_makes_it_unwritable_until_it_does, narrow) {
    start();
    std::string expected;
    while (connection->writable()) {
        send_text(std::string(3'000, 'x'));
        expected += "\x81\x7e" + big_endian(3'001, 2) + "4" + std::string(3'000, 'x');
    }
    // One call may overshoot; a large payload is shared among copies.
    BOOST_TEST(owner.writable == 0);
    BOOST_TEST((peer->receive(expected.size()) == expected));
    BOOST_TEST(shard.run_until([&] { return owner.writable > 0; }));
    BOOST_TEST(owner.writable == 1);
    BOOST_TEST(connection->writable());
}

BOOST_FIXTURE_TEST_CASE(small_and_large_packets_keep_their_order_through_a_full_socket, narrow) {
    start();
    std::string expected;
    std::vector<eio::packet> packets;
    for (std::size_t i = 0; i < 200; ++i) {
        const std::string payload(i * 97 % 9'000, static_cast<char>('a' + i % 26));
        packets.push_back({eio::packet_type::message, true, base::bytes(payload)});
        expected += std::string(net::websocket_header(net::opcode::binary, payload.size()).view()) +
                    payload;
    }
    connection->send(packets);
    BOOST_TEST((peer->receive(expected.size()) == expected));
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_only_pings_has_one_pong_waiting, narrow) {
    start();
    while (connection->writable())
        send_text(std::string(3'000, 'x'));
    std::string pings;
    for (int i = 0; i < 500; ++i)
        pings += frame(fin | ping_frame, std::string(125, 'p'));
    peer->send(pings + frame(fin | text_frame, "4done"));
    BOOST_TEST(wait_for_frames(1));
    connection->close(close_code::normal);
    peer->send(close_with(1000));
    const auto all = peer->receive_all();
    std::size_t pongs = 0;
    for (auto at = all.find("\x8a\x7d"); at != all.npos; at = all.find("\x8a\x7d", at + 1))
        ++pongs;
    BOOST_TEST(pongs == 1u);
    BOOST_TEST(all.ends_with(closed_with(1000)));
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_reads_nothing_is_dropped_in_time, narrow) {
    start();
    while (connection->writable())
        send_text(std::string(3'000, 'x'));
    connection->close(close_code::policy_violation);
    connection.reset();
    shard.pass(61min);
    BOOST_TEST(shard.run_until([&] { return watched.expired(); }));
}

BOOST_AUTO_TEST_SUITE_END()
