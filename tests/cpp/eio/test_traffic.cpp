#include "eio/world.hpp"

#include <boost/test/unit_test.hpp>

using fake::world;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(traffic)

BOOST_AUTO_TEST_CASE(a_websocket_is_counted_with_its_packets_and_their_bytes) {
    world w;
    const auto ws = w.open_websocket();
    const auto& counted = w.server.counted();
    BOOST_TEST(counted.opened == 1U);
    BOOST_TEST(counted.polling == 0U);
    BOOST_TEST(counted.packets_out == 1U);
    BOOST_TEST(counted.bytes_out == ws->sent.at(0).size()); // the open packet

    const auto before = counted;
    w.receive(*ws, "4hello");
    w.receive(*ws, "bin", true);
    BOOST_TEST(counted.packets_in == 2U);
    BOOST_TEST(counted.bytes_in == 6U + 3U);
    w.app.last->send({eio::packet_type::message, false, base::bytes("ab")});
    w.app.last->send({eio::packet_type::message, true, base::bytes("abc")});
    BOOST_TEST(counted.packets_out == before.packets_out); // when they leave
    w.turn();
    BOOST_TEST(counted.packets_out - before.packets_out == 2U);
    BOOST_TEST(counted.bytes_out - before.bytes_out == 3U + 3U);
}

BOOST_AUTO_TEST_CASE(polling_is_counted_by_packet_and_not_by_request) {
    world w;
    const auto sid = w.open_polling();
    const auto& counted = w.server.counted();
    BOOST_TEST(counted.polling == 1U);
    w.post(
        sid,
        "4one\x1e"
        "4two");
    BOOST_TEST(counted.packets_in == 2U);
    BOOST_TEST(counted.bytes_in == 8U);
    w.app.last->send({eio::packet_type::message, false, base::bytes("x")});
    w.app.last->send({eio::packet_type::message, false, base::bytes("y")});
    const auto before = counted;
    w.get(sid);
    BOOST_TEST(counted.packets_out - before.packets_out == 2U);
    BOOST_TEST(counted.bytes_out - before.bytes_out == 4U);
}

BOOST_AUTO_TEST_CASE(who_upgrades_or_closes_is_polling_no_more) {
    world w;
    const auto& counted = w.server.counted();
    const auto upgrading = w.open_polling();
    const auto ws = w.open_websocket(upgrading);
    w.receive(*ws, "2probe");
    BOOST_TEST(counted.polling == 1U);
    w.receive(*ws, "5");
    BOOST_TEST(counted.polling == 0U);
    ws->owner->on_transport_closed(*ws, false, w.now);
    w.turn();

    const auto leaving = w.open_polling();
    BOOST_TEST(counted.polling == 1U);
    w.post(leaving, "1");
    BOOST_TEST(counted.polling == 0U);
    BOOST_TEST(counted.opened == 2U);
    BOOST_TEST(counted.closed == 2U);
}

BOOST_AUTO_TEST_CASE(a_session_knows_when_it_was_opened) {
    world w;
    const auto opened = w.now;
    const auto ws = w.open_websocket();
    w.pass(10s);
    BOOST_TEST((w.app.last->opened_at() == opened));
}

BOOST_AUTO_TEST_SUITE_END()
