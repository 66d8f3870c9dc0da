// What administrators are shown, put together from several shards.
#include "engine/world.hpp"

#include <algorithm>
#include <deque>
#include <map>

using namespace fake;

namespace {

struct fixture {
    fixture() {
        for (unsigned i = 0; i < 2 * threads; ++i)
            clients.emplace_back(app.port);
    }
    application app;
    std::deque<client> clients;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(admin, fixture)

BOOST_AUTO_TEST_CASE(counters_are_those_of_all_shards_together) {
    const auto before = app.in.admin_stats();
    BOOST_TEST(before.traffic.opened == clients.size());
    BOOST_TEST(before.sessions == clients.size());
    BOOST_TEST(before.traffic.polling == 0U);
    BOOST_REQUIRE(before.sockets.size() == 1U);
    BOOST_TEST(
        (before.sockets.front() == std::pair<std::string, std::size_t>("/", clients.size())));

    const std::string event = "42[\"message\"]";
    for (auto& each : clients)
        each.send_frame(event);
    for (std::size_t i = 0; i < clients.size(); ++i)
        (void)app.next<sio::message_event>();
    app.emit({}, "all");
    for (auto& each : clients)
        (void)each.events_until("all");
    const auto after = app.in.admin_stats();
    BOOST_TEST(after.traffic.packets_in - before.traffic.packets_in == clients.size());
    BOOST_TEST(after.traffic.bytes_in - before.traffic.bytes_in == clients.size() * event.size());
    BOOST_TEST(after.traffic.packets_out - before.traffic.packets_out == clients.size());
    BOOST_TEST(
        after.traffic.bytes_out - before.traffic.bytes_out ==
        clients.size() * std::string("42[\"all\"]").size());

    clients.front().close();
    (void)app.next<sio::session_closed_event>();
    const auto last = app.in.admin_stats();
    BOOST_TEST(last.traffic.closed == 1U);
    BOOST_TEST(last.sessions == clients.size() - 1);
}

BOOST_AUTO_TEST_CASE(clients_of_each_shard_are_described_and_strangers_left_out) {
    std::vector<std::string> sids{"nobody"};
    for (const auto& each : clients) {
        sids.push_back(each.sid);
        BOOST_REQUIRE(app.in.enter_room(each.sid, "/", "the room") == sio::room_result::ok);
    }
    const auto list = app.in.describe("/", sids);
    BOOST_REQUIRE(list.size() == clients.size());
    for (const auto& each : clients) {
        const auto told = std::ranges::find(list, each.sid, &engine::socket_details::sid);
        BOOST_REQUIRE((told != list.end()));
        BOOST_TEST(told->eio_sid == each.eio_sid);
        BOOST_TEST(told->transport == "websocket");
        BOOST_TEST((told->rooms == std::vector<std::string>{each.sid, "the room"}));
        BOOST_TEST(told->request.query == "EIO=4&transport=websocket");
        BOOST_TEST((told->age < 60s));
    }
    BOOST_TEST(app.in.describe("/other", sids).empty());
}

BOOST_AUTO_TEST_CASE(a_session_that_reads_has_nothing_queued_and_a_stranger_no_queue) {
    BOOST_TEST(app.in.queued_bytes(clients.front().eio_sid).value() == 0U);
    BOOST_TEST(!app.in.queued_bytes("nobody").has_value());
    BOOST_TEST(app.in.slowest(10).empty());
}

BOOST_AUTO_TEST_SUITE_END()
