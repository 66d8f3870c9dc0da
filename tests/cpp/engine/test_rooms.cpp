// Rooms whose members are on different shards.
#include "engine/world.hpp"

#include <deque>
#include <set>

using namespace fake;
using namespace std::string_literals;

namespace {

struct fixture {
    fixture() {
        for (unsigned i = 0; i < 2 * threads; ++i)
            clients.emplace_back(app.port);
    }
    void enter(client& member, const std::string& room) {
        BOOST_REQUIRE(app.in.enter_room(member.sid, "/", room) == sio::room_result::ok);
    }
    // Two clients that are not on one shard.
    client& one() { return clients[0]; }
    client& other() { return clients[1]; }

    application app;
    std::deque<client> clients;
};

std::set<std::string> names(const std::vector<std::string>& list) {
    BOOST_TEST(std::set(list.begin(), list.end()).size() == list.size());
    return {list.begin(), list.end()};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(rooms, fixture)

BOOST_AUTO_TEST_CASE(sessions_are_opened_on_each_shard_in_turn) {
    std::vector<int> count(threads);
    for (const auto& each : clients) {
        ++count[each.shard()];
        BOOST_TEST(base::shard_of(each.sid, threads).value() == each.shard());
    }
    for (const auto each : count)
        BOOST_TEST(each == 2);
    BOOST_TEST(one().shard() != other().shard());
}

BOOST_AUTO_TEST_CASE(a_broadcast_reaches_each_client_once_and_in_order) {
    for (int i = 0; i < 10; ++i)
        app.emit({}, "all" + std::to_string(i));
    for (auto& each : clients)
        BOOST_TEST(
            each.events_until("all9") == "all0 all1 all2 all3 all4 all5 all6 all7 all8 all9");
}

BOOST_AUTO_TEST_CASE(a_room_has_members_on_all_shards_and_each_hears_it_once) {
    for (auto& each : clients)
        enter(each, "both");
    enter(one(), "first");
    enter(other(), "second");
    app.emit({{"first", "both", "second"}}, "rooms");
    app.emit({{"first"}}, "mine");
    app.emit({{"both"}}, "but me", {one().sid});
    app.in.leave_room(other().sid, "/", "both");
    app.emit({{"both"}}, "after");
    app.emit({}, "end");
    BOOST_TEST(one().events_until("end") == "rooms mine after end");
    BOOST_TEST(other().events_until("end") == "rooms but me end");
    for (std::size_t i = 2; i < clients.size(); ++i)
        BOOST_TEST(clients[i].events_until("end") == "rooms but me after end");
}

BOOST_AUTO_TEST_CASE(an_emit_to_sids_reaches_those_clients_alone) {
    app.emit({{one().sid}}, "one");
    app.emit({{one().sid, other().sid}}, "two");
    app.emit({{one().sid, "none"}}, "also");
    app.emit({std::vector<std::string>{}}, "nobody");
    app.emit({}, "end");
    BOOST_TEST(one().events_until("end") == "one two also end");
    BOOST_TEST(other().events_until("end") == "two end");
    BOOST_TEST(clients[2].events_until("end") == "end");
}

BOOST_AUTO_TEST_CASE(a_room_may_be_named_as_a_sid_could_be) {
    const std::string room = "a-room-with-20-lette";
    BOOST_REQUIRE(base::shard_of(room, threads).has_value());
    for (auto& each : clients)
        enter(each, room);
    app.emit({{room}}, "room");
    app.emit({{one().sid}}, "one");
    app.emit({}, "end");
    BOOST_TEST(one().events_until("end") == "room one end");
    BOOST_TEST(other().events_until("end") == "room end");
}

BOOST_AUTO_TEST_CASE(the_room_of_a_client_of_another_shard_is_its_own) {
    using sio::room_result;
    BOOST_TEST((app.in.enter_room(one().sid, "/", other().sid) == room_result::is_sid));
    BOOST_TEST((app.in.enter_room(one().sid, "/", one().sid) == room_result::ok));
    BOOST_TEST((app.in.close_room(other().sid, "/") == room_result::is_sid));
    BOOST_TEST((app.in.enter_room("no such sid", "/", other().sid) == room_result::unknown_sid));
    BOOST_TEST(
        (app.in.enter_room(one().sid, "/no", other().sid) == room_result::unknown_namespace));
    BOOST_TEST((app.in.enter_room(one().sid, "/no", "room") == room_result::unknown_namespace));
}

BOOST_AUTO_TEST_CASE(a_namespace_that_only_another_shard_knows_is_known) {
    one().send_frame("40/other,");
    one().receive_frame();
    BOOST_TEST((app.in.enter_room(other().sid, "/other", "room") == sio::room_result::unknown_sid));
}

BOOST_AUTO_TEST_CASE(a_closed_room_is_empty_on_every_shard) {
    for (auto& each : clients)
        enter(each, "room");
    BOOST_TEST((app.in.close_room("room", "/") == sio::room_result::ok));
    app.emit({{"room"}}, "nobody");
    app.emit({}, "end");
    for (auto& each : clients)
        BOOST_TEST(each.events_until("end") == "end");
}

BOOST_AUTO_TEST_CASE(questions_are_answered_for_all_shards_together) {
    enter(one(), "shared");
    enter(other(), "shared");
    enter(other(), "own");
    one().send_frame("40/other,");
    one().receive_frame();
    BOOST_TEST((names(app.in.rooms(other().sid, "/")) == std::set{other().sid, "own"s, "shared"s}));
    BOOST_TEST((names(app.in.namespaces()) == std::set{"/"s, "/other"s}));
    std::set expected{"own"s, "shared"s};
    for (const auto& each : clients)
        expected.insert(each.sid);
    BOOST_TEST((names(app.in.room_names("/")) == expected));
    const auto members = app.in.participants("/", {{{"shared"}}, {}});
    BOOST_TEST(members.size() == 2U);
    BOOST_TEST(app.in.room_size("/", "shared") == 2U);
    BOOST_TEST(app.in.room_size("/", one().sid) == 1U);
    BOOST_TEST(app.in.room_size("/", "nobody") == 0U);
    BOOST_TEST(app.in.room_size("/", {}) == clients.size());
    BOOST_TEST(app.in.room_size("/no", {}) == 0U);
    BOOST_TEST(app.in.in_room(other().sid, "/", "own"));
    BOOST_TEST(app.in.in_room(other().sid, "/", other().sid));
    BOOST_TEST(!app.in.in_room(one().sid, "/", "own"));
    BOOST_TEST(!app.in.in_room(one().sid, "/", other().sid));
    BOOST_TEST(!app.in.in_room(one().sid, "/other", "own"));
    BOOST_TEST(!app.in.in_room("nobody", "/", "own"));
    const std::vector among{one().sid, other().sid, "nobody"s};
    const auto receivers = [&](const sio::selection& whom) {
        return names(app.in.receivers("/", whom, among));
    };
    const std::set both{one().sid, other().sid};
    BOOST_TEST((receivers({}) == both));
    BOOST_TEST((receivers({{{"own", "shared", "empty"}}, {}}) == both));
    BOOST_TEST((receivers({{{"own", "empty"}}, {}}) == std::set{other().sid}));
    BOOST_TEST((receivers({{{one().sid}}, {}}) == std::set{one().sid}));
    BOOST_TEST((receivers({{}, {other().sid}}) == std::set{one().sid}));
    BOOST_TEST((receivers({{{"shared"}}, {}, {"own"}}) == std::set{one().sid}));
    BOOST_TEST((receivers({{{"shared"}}, {}, {one().sid, "own"}}).empty()));
    BOOST_TEST((receivers({std::vector<std::string>{}, {}}).empty()));
    BOOST_TEST(app.in.receivers("/other", {}, among).empty());
    for (const auto& member : members)
        BOOST_TEST(
            (member == std::pair(one().sid, one().eio_sid) ||
             member == std::pair(other().sid, other().eio_sid)));
    for (const auto& each : clients) {
        BOOST_TEST(app.in.is_connected(each.sid, "/"));
        BOOST_TEST(app.in.eio_sid(each.sid, "/").value() == each.eio_sid);
        BOOST_TEST(app.in.sid(each.eio_sid, "/").value() == each.sid);
        BOOST_TEST(app.in.transport(each.eio_sid).value() == "websocket");
        BOOST_TEST(app.in.request_head(each.eio_sid).has_value());
    }
    BOOST_TEST(!app.in.is_connected("no such sid", "/"));
    const auto counted = app.in.stats();
    BOOST_TEST(counted.sessions == clients.size());
    BOOST_TEST(counted.sockets == clients.size() + 1);
}

BOOST_AUTO_TEST_CASE(a_broadcast_with_an_attachment_is_framed_by_each_shard) {
    app.in.emit(
        "/", {}, {R"(["binary",{"_placeholder":true,"num":0}])", {base::bytes("attached")}}, 0);
    for (auto& each : clients) {
        BOOST_TEST(each.receive_frame().starts_with("451-[\"binary\""));
        BOOST_TEST(each.receive_frame() == "attached");
    }
}

// --- acks ---

BOOST_AUTO_TEST_CASE(acks_of_several_shards_end_once_and_after_the_last) {
    app.emit({}, "ask", {}, 7);
    for (auto& each : clients)
        BOOST_TEST(each.receive_frame() == "421[\"ask\"]");
    for (auto& each : clients) {
        BOOST_TEST(app.count<sio::acks_done_event>() == 0U);
        each.send_frame("431[\"" + each.sid + "\"]");
        BOOST_TEST(app.next<sio::ack_event>().args.json == "[\"" + each.sid + "\"]");
    }
    BOOST_TEST(app.next<sio::acks_done_event>().token == 7U);
    BOOST_TEST(app.count<sio::acks_done_event>() == 0U);
}

BOOST_AUTO_TEST_CASE(acks_end_when_those_who_have_not_answered_have_left) {
    app.emit({{one().sid, other().sid}}, "ask", {}, 7);
    one().receive_frame();
    one().send_frame("431[]");
    (void)app.next<sio::ack_event>();
    other().close();
    BOOST_TEST(app.next<sio::acks_done_event>().token == 7U);
}

BOOST_AUTO_TEST_CASE(acks_that_nobody_is_asked_for_end_at_once) {
    app.emit({{"empty room"}}, "ask", {}, 7);
    BOOST_TEST(app.next<sio::acks_done_event>().token == 7U);
    app.emit({std::vector<std::string>{}}, "ask", {}, 8);
    BOOST_TEST(app.next<sio::acks_done_event>().token == 8U);
    BOOST_TEST(app.count<sio::acks_done_event>() == 0U);
}

BOOST_AUTO_TEST_CASE(a_forgotten_token_is_not_heard_of_again) {
    app.emit({}, "ask", {}, 7);
    app.in.forget_token(7);
    for (auto& each : clients) {
        each.receive_frame();
        each.send_frame("431[]");
        each.send_frame("42[\"message\"]");
        (void)app.next<sio::message_event>();
    }
    BOOST_TEST(app.count<sio::ack_event>() == 0U);
    BOOST_TEST(app.count<sio::acks_done_event>() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
