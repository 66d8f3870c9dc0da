#include "sio/world.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <utility>

using fake::sio_world;
using lines = std::vector<std::string>;

namespace {

lines sorted(lines list) {
    std::ranges::sort(list);
    return list;
}

} // namespace

BOOST_AUTO_TEST_SUITE(rooms)

BOOST_AUTO_TEST_CASE(an_emit_reaches_the_union_of_rooms_once_less_the_skipped) {
    sio_world w;
    const auto [a, a_sid] = w.join();
    const auto [b, b_sid] = w.join();
    const auto [c, c_sid] = w.join();
    BOOST_TEST((w.sio.enter_room(a_sid, "/", "x") == sio::room_result::ok));
    BOOST_TEST((w.sio.enter_room(a_sid, "/", "y") == sio::room_result::ok));
    BOOST_TEST((w.sio.enter_room(b_sid, "/", "y") == sio::room_result::ok));
    w.emit("[\"e\"]", {.rooms = {{"x", "y", "nowhere"}}, .skip_sids = {}});
    BOOST_TEST((a->sent == lines{"42[\"e\"]"}));
    BOOST_TEST((b->sent == lines{"42[\"e\"]"}));
    BOOST_TEST(c->sent.empty());
    w.emit("[\"all\"]", {.rooms = {}, .skip_sids = {b_sid}});
    BOOST_TEST(a->sent.size() == 2U);
    BOOST_TEST(b->sent.size() == 1U);
    BOOST_TEST(c->sent.size() == 1U);
    w.emit("[\"own\"]", {.rooms = {{c_sid}}, .skip_sids = {}});
    BOOST_TEST(c->sent.back() == "42[\"own\"]");
    BOOST_TEST(a->sent.size() == 2U);
}

BOOST_AUTO_TEST_CASE(who_comes_and_goes_is_told_once_rooms_are_watched) {
    sio_world w;
    const auto [a, a_sid] = w.join(); // S1
    (void)w.sio.enter_room(a_sid, "/", "x");
    (void)w.app.take();
    BOOST_TEST(w.app.take().empty(), "nobody has asked for it");
    const auto now = w.sio.watch_rooms();
    BOOST_REQUIRE(now.size() == 1U);
    BOOST_TEST((now[0].first == "/" && now[0].second.name == "x" && now[0].second.members == 1U));

    (void)w.sio.enter_room(a_sid, "/", "x"); // where it is
    (void)w.sio.enter_room(a_sid, "/", a_sid);
    (void)w.sio.enter_room(a_sid, "/", std::string(sio::user_room_prefix) + "ann");
    w.sio.leave_room(a_sid, "/", "nowhere");
    BOOST_TEST(w.app.take().empty());
    (void)w.sio.enter_room(a_sid, "/", "y");
    w.sio.leave_room(a_sid, "/", "x");
    BOOST_TEST((w.app.take() == lines{"in S1 / y", "out S1 / x"}));

    // What a connect handler does is told when the client is let in, and of one that is not, never.
    const auto b = w.open();
    w.receive(*b, "40");
    const auto b_sid = w.app.sids.back();
    (void)w.sio.enter_room(b_sid, "/", "y");
    BOOST_TEST((w.app.take() == lines{"connect S2 / "}));
    w.sio.accept(b_sid, "/");
    BOOST_TEST((w.app.take() == lines{"in S2 / S2", "in S2 / y"}));
    const auto c = w.open();
    w.receive(*c, "40");
    (void)w.sio.enter_room(w.app.sids.back(), "/", "y");
    w.sio.refuse(w.app.sids.back(), "/", "{}");
    (void)w.app.take();

    (void)w.sio.close_room("y", "/");
    BOOST_TEST((sorted(w.app.take()) == lines{"out S1 / y", "out S2 / y"}));
    (void)w.sio.enter_room(a_sid, "/", "z");
    (void)w.app.take();
    w.receive(*a, "41");
    BOOST_TEST(
        (w.app.take() == lines{"out S1 / S1", "out S1 / z", "disconnect S1 / client disconnect"}));
}

BOOST_AUTO_TEST_CASE(members_of_the_rooms_that_are_left_out_get_nothing) {
    sio_world w;
    const auto [a, a_sid] = w.join();
    const auto [b, b_sid] = w.join();
    const auto [c, c_sid] = w.join();
    for (const auto& sid : {a_sid, b_sid, c_sid})
        (void)w.sio.enter_room(sid, "/", "x");
    (void)w.sio.enter_room(b_sid, "/", "y");
    w.emit("[1]", {.rooms = {{"x"}}, .skip_sids = {}, .except_rooms = {"y", "nowhere"}});
    w.emit("[2]", {.rooms = {}, .skip_sids = {}, .except_rooms = {"y", c_sid}});
    w.emit("[3]", {.rooms = {{b_sid, c_sid}}, .skip_sids = {c_sid}, .except_rooms = {"y"}});
    w.emit("[4]", {.rooms = {{"x"}}, .skip_sids = {}, .except_rooms = {"x"}});
    BOOST_TEST((a->sent == lines{"42[1]", "42[2]"}));
    BOOST_TEST(b->sent.empty());
    BOOST_TEST((c->sent == lines{"42[1]"}));
    const sio::selection others{.rooms = {}, .skip_sids = {}, .except_rooms = {"y"}};
    BOOST_TEST(w.sio.participants("/", others).size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_volatile_event_is_not_for_who_does_not_read) {
    sio_world w;
    const auto [a, a_sid] = w.join();
    const auto [b, b_sid] = w.join();
    const sio::selection now{.rooms = {}, .skip_sids = {}, .except_rooms = {}, .is_volatile = true};
    w.emit("[1]", now);
    b->takes = false;
    w.emit("[2]", now);
    w.emit("[3]", now, 7);
    w.emit("[4]", {});
    b->takes = true;
    w.turn();
    w.emit("[5]", now);
    BOOST_TEST((a->sent == lines{"42[1]", "42[2]", "421[3]", "42[4]", "42[5]"}));
    BOOST_TEST((b->sent == lines{"42[1]", "42[4]", "42[5]"}));
    BOOST_TEST(w.sio.volatile_dropped() == 2U);
}

BOOST_AUTO_TEST_CASE(a_client_knows_its_rooms_and_leaves_them) {
    sio_world w;
    const auto [a, sid] = w.join();
    (void)w.sio.enter_room(sid, "/", "x");
    (void)w.sio.enter_room(sid, "/", "x");
    (void)w.sio.enter_room(sid, "/", "y");
    BOOST_TEST((sorted(w.sio.rooms(sid, "/")) == sorted({sid, "x", "y"})));
    w.sio.leave_room(sid, "/", "x");
    w.sio.leave_room(sid, "/", "x");
    w.sio.leave_room(sid, "/", "never");
    BOOST_TEST((sorted(w.sio.rooms(sid, "/")) == sorted({sid, "y"})));
    BOOST_TEST((w.sio.close_room("y", "/") == sio::room_result::ok));
    BOOST_TEST((w.sio.rooms(sid, "/") == lines{sid}));
    BOOST_TEST(w.sio.room_count() == 0U);
    BOOST_TEST(w.sio.rooms("unknown", "/").empty());
}

BOOST_AUTO_TEST_CASE(what_may_not_be_entered_or_closed_is_told) {
    sio::config options;
    options.max_rooms = 1;
    sio_world w(options);
    const auto [a, a_sid] = w.join();
    const auto [b, b_sid] = w.join();
    using enum sio::room_result;
    BOOST_TEST((w.sio.enter_room("unknown", "/", "x") == unknown_sid));
    BOOST_TEST((w.sio.enter_room(a_sid, "/never", "x") == unknown_namespace));
    BOOST_TEST((w.sio.enter_room(a_sid, "/", b_sid) == is_sid));
    BOOST_TEST((w.sio.enter_room(a_sid, "/", a_sid) == ok));
    BOOST_TEST((w.sio.close_room(b_sid, "/") == is_sid));
    BOOST_TEST((w.sio.close_room("unknown", "/") == ok));
    BOOST_TEST((w.sio.enter_room(a_sid, "/", std::string(1'025, 'x')) == limit));
    BOOST_TEST((w.sio.enter_room(a_sid, "/", "x") == ok));
    BOOST_TEST((w.sio.enter_room(a_sid, "/", "y") == limit));
}

// The index against a plain model, through many random joins and leaves.
BOOST_AUTO_TEST_CASE(the_index_agrees_with_a_plain_model) {
    sio_world w;
    std::mt19937 random(7);
    lines sids;
    for (int i = 0; i < 20; ++i)
        sids.push_back(w.join().second);
    std::set<std::pair<std::string, std::string>> model;
    for (int step = 0; step < 20'000; ++step) {
        const auto& sid = sids[random() % sids.size()];
        const auto room = "room" + std::to_string(random() % 12);
        switch (random() % 8) {
        case 0:
            (void)w.sio.close_room(room, "/");
            std::erase_if(model, [&](const auto& pair) { return pair.second == room; });
            break;
        case 1:
        case 2:
        case 3:
            w.sio.leave_room(sid, "/", room);
            model.erase({sid, room});
            break;
        default:
            (void)w.sio.enter_room(sid, "/", room);
            model.emplace(sid, room);
        }
    }
    std::set<std::pair<std::string, std::string>> seen;
    for (const auto& sid : sids)
        for (const auto& room : w.sio.rooms(sid, "/"))
            if (room != sid)
                seen.emplace(sid, room);
    BOOST_TEST((seen == model));
    std::size_t members = 0;
    for (int i = 0; i < 12; ++i)
        members +=
            w.sio.participants("/", {.rooms = {{"room" + std::to_string(i)}}, .skip_sids = {}})
                .size();
    BOOST_TEST(members == model.size());
}

// The walk looks ahead: its ends are where it could go wrong.
BOOST_AUTO_TEST_CASE(an_emit_reaches_each_of_any_number_of_clients_once) {
    sio_world w;
    std::vector<std::shared_ptr<fake::websocket>> clients;
    for (int count = 1; count <= 30; ++count) {
        const auto [added, sid] = w.join();
        clients.push_back(added);
        (void)w.sio.enter_room(sid, "/", "x");
        if (count % 3 == 0) // has left, and waits for its disconnect handler
            w.receive(*added, "41");
        w.emit("[\"all\"]", {});
        w.emit("[\"room\"]", {.rooms = {{"x"}}, .skip_sids = {}});
        for (std::size_t i = 0; i < clients.size(); ++i) {
            const bool left = (i + 1) % 3 == 0;
            const auto heard = std::exchange(clients[i]->sent, {});
            BOOST_TEST((heard == (left ? lines{} : lines{"42[\"all\"]", "42[\"room\"]"})));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
