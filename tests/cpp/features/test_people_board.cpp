// What the clients of a topic are told, and when.
#include "features/people/board.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace features::people;
using namespace std::chrono_literals;

namespace {

struct sent {
    std::string nsp;
    std::vector<std::string> rooms;
    std::vector<std::string> skipped;
    std::string json;
};

class fake_rooms final : public sio::room_api {
public:
    void
    emit(std::string_view nsp, const sio::selection& whom, const sio::arguments& args) override {
        all.push_back({std::string(nsp), *whom.rooms, whom.skip_sids, args.json});
    }
    void
    send_ack(std::string_view, std::string_view, std::uint64_t, const sio::arguments&) override {}
    void enter_room(std::string_view, std::string_view, std::string_view) override {}
    void leave_room(std::string_view, std::string_view, std::string_view) override {}
    void disconnect(std::string_view, std::string_view) override {}
    std::vector<sent> all;
};

base::sid sid(int number) {
    auto text = std::to_string(number);
    return *base::sid::parse(std::string(20 - text.size(), '0') + text);
}

struct fixture {
    fixture() { at.set_telling(true); }

    bool track(std::string_view key, int who, std::string_view meta = "{}") {
        return at.track("/,room", key, sid(who), meta, true, now);
    }
    // To the end of the next tick.
    std::vector<sent> tick(std::chrono::milliseconds by = 50ms) {
        now += by;
        rooms.all.clear();
        told.clear();
        at.sweep(now);
        return rooms.all;
    }
    // The only one that is sent in the next tick.
    std::string only(std::chrono::milliseconds by = 50ms) {
        const auto list = tick(by);
        BOOST_REQUIRE(list.size() == 1);
        return list.front().json;
    }

    settings with{
        .tick = 50ms,
        .grace = 5s,
        .idle_after = 60s,
        .count_above = 10,
        .max_entries = 20,
    };
    fake_rooms rooms;
    std::vector<std::string> told;
    base::time_point now{1000s};
    board at{with, rooms, [this](auto, std::string diff) { told.push_back(std::move(diff)); }, 0ms};
};

std::string entry_json(int who, const char* meta = "{}", const char* idle = "false") {
    return R"({"ref":")" + sid(who).str() + R"(","joined_at":1000000,"idle":)" + idle +
           R"(,"meta":)" + meta + "}";
}

std::string diff(
    const std::string& joins,
    const std::string& leaves,
    const char* online,
    const char* offline,
    int count) {
    return R"(["presence:diff",{"topic":"room","joins":{)" + joins + R"(},"leaves":{)" + leaves +
           R"(},"online":[)" + online + R"(],"offline":[)" + offline + R"(],"count":)" +
           std::to_string(count) + "}]";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(people_board, fixture)

BOOST_AUTO_TEST_CASE(those_who_come_in_one_tick_get_one_state_and_the_others_one_diff) {
    BOOST_TEST(track("ann", 1));
    (void)tick();
    now = base::time_point(1000s);
    BOOST_TEST(track("bob", 2));
    BOOST_TEST(track("ann", 3, R"({"a":1})"));
    BOOST_TEST(!(*at.next_deadline() > now + 50ms));
    const auto list = tick();
    BOOST_REQUIRE(list.size() == 2);
    BOOST_TEST(list[0].nsp == "/");
    BOOST_TEST((list[0].rooms == std::vector<std::string>{"room"}));
    BOOST_TEST((list[0].skipped == (std::vector<std::string>{sid(2).str(), sid(3).str()})));
    BOOST_TEST(
        list[0].json ==
        diff(
            R"("ann":[)" + entry_json(3, R"({"a":1})") + R"(],"bob":[)" + entry_json(2) + "]",
            "",
            R"("bob")",
            "",
            2));
    BOOST_TEST((list[1].rooms == (std::vector<std::string>{sid(2).str(), sid(3).str()})));
    BOOST_TEST(
        list[1].json == R"(["presence:state",{"topic":"room","presences":{"ann":[)" +
                            entry_json(1) + "," + entry_json(3, R"({"a":1})") + R"(],"bob":[)" +
                            entry_json(2) + R"(]},"count":2}])");
}

BOOST_AUTO_TEST_CASE(nothing_is_told_of_who_came_and_left_in_one_tick) {
    (void)track("ann", 1);
    (void)tick();
    (void)track("bob", 2);
    at.untrack("/,room", sid(2), now);
    const auto list = tick();
    BOOST_REQUIRE(list.size() == 1); // the state that bob was promised, without him
    BOOST_TEST(list[0].json.find("bob") == std::string::npos);
    BOOST_TEST(told.empty());
}

BOOST_AUTO_TEST_CASE(a_user_is_offline_with_the_last_of_its_tabs) {
    (void)track("ann", 1);
    (void)track("ann", 2);
    (void)track("bob", 3);
    (void)tick(0ms);
    (void)tick();
    at.untrack("/,room", sid(1), now);
    BOOST_TEST(only() == diff("", R"("ann":[)" + entry_json(1) + "]", "", "", 2));
    at.untrack("/,room", sid(2), now);
    BOOST_TEST(only() == diff("", R"("ann":[)" + entry_json(2) + "]", "", R"("ann")", 1));
}

BOOST_AUTO_TEST_CASE(a_client_that_comes_back_in_time_has_never_left) {
    (void)track("ann", 1, R"("x")");
    (void)track("bob", 9);
    (void)tick();
    at.lose(sid(1), now);
    BOOST_TEST(tick().empty());
    BOOST_TEST(at.users("/,room") == 2);
    now += 4s;
    (void)track("ann", 2, R"("x")");
    const auto list = tick();
    BOOST_REQUIRE(list.size() == 1); // its own state, with the ref that it had
    BOOST_TEST((list[0].rooms == std::vector<std::string>{sid(2).str()}));
    BOOST_TEST(list[0].json.find(entry_json(1, R"("x")")) != std::string::npos);
    BOOST_TEST(told.size() == 1); // the application hears of the new sid
    BOOST_TEST(tick(10s).empty());
    at.untrack("/,room", sid(2), now);
    BOOST_TEST(only() == diff("", R"("ann":[)" + entry_json(1, R"("x")") + "]", "", R"("ann")", 1));
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_come_back_leaves_when_its_time_is_up) {
    (void)track("ann", 1);
    (void)tick();
    at.lose(sid(1), now);
    (void)tick();
    BOOST_TEST((*at.next_deadline() == now + 4950ms));
    BOOST_TEST(tick(4949ms).empty());
    BOOST_TEST(tick(1ms).empty());
    BOOST_TEST(at.entries() == 0);
    BOOST_TEST(only() == diff("", R"("ann":[)" + entry_json(1) + "]", "", R"("ann")", 0));
    BOOST_TEST(!at.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(an_update_and_idleness_are_told_as_joins_of_the_same_ref) {
    (void)track("ann", 1);
    (void)tick();
    BOOST_TEST(at.update("/,room", sid(1), "1", now));
    at.set_idle(sid(1), true, now);
    BOOST_TEST(only() == diff(R"("ann":[)" + entry_json(1, "1", "true") + "]", "", "", "", 1));
    BOOST_TEST(at.update("/,room", sid(1), "1", now));
    BOOST_TEST(tick().empty());
    BOOST_TEST(!at.update("/,room", sid(2), "1", now));
    BOOST_TEST(!at.update("/,other", sid(1), "1", now));
}

BOOST_AUTO_TEST_CASE(of_many_their_number_is_told_and_of_fewer_again_the_state) {
    for (int i = 0; i < 10; ++i)
        (void)track("user " + std::to_string(i), i);
    (void)tick();
    (void)track("one more", 10);
    const auto list = tick();
    BOOST_REQUIRE(list.size() == 2);
    BOOST_TEST(list[0].json == R"(["presence:diff",{"topic":"room","count":11}])");
    BOOST_TEST(list[1].json == R"(["presence:state",{"topic":"room","count":11}])");
    BOOST_TEST(told.front().find("one more") != std::string::npos);
    at.untrack("/,room", sid(10), now);
    BOOST_TEST(only() == R"(["presence:diff",{"topic":"room","count":10}])");
    at.untrack("/,room", sid(0), now);
    BOOST_TEST(only().starts_with(R"(["presence:state",{"topic":"room","presences":{"user 1")"));
}

BOOST_AUTO_TEST_CASE(a_full_topic_takes_no_more) {
    for (int i = 0; i < 20; ++i)
        BOOST_TEST(track("user", i));
    BOOST_TEST(!track("user", 20));
    BOOST_TEST(track("user", 3, "1")); // who is in there may change
    at.untrack("/,room", sid(0), now);
    BOOST_TEST(track("user", 20));
}

BOOST_AUTO_TEST_CASE(a_client_that_is_tracked_under_another_key_is_somebody_else) {
    (void)track("ann", 1);
    (void)tick();
    (void)track("bob", 1);
    BOOST_TEST((at.keys("/,room") == std::vector<std::string>{"bob"}));
    const auto list = tick();
    BOOST_TEST(list[0].json.find(R"("online":["bob"],"offline":["ann"])") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(entries_of_another_process_end_together_with_it) {
    (void)track("ann", 1);
    (void)tick();
    for (int i = 0; i < 3; ++i)
        at.put(
            {.place = "/,room",
             .key = i == 0 ? "ann" : "user " + std::to_string(i),
             .meta = "{}",
             .joined_at = 7,
             .ref = sid(100 + i),
             .sid = sid(100 + i),
             .node = 5},
            now);
    (void)tick();
    BOOST_TEST(at.users("/,room") == 3);
    BOOST_TEST(at.of_key("ann").size() == 2);
    at.lose(sid(101), now); // not this process's to say
    at.drop(4, "/,room", "user 1", sid(101), now);
    BOOST_TEST(at.entries() == 4);
    at.drop_node(5, now);
    BOOST_TEST(
        only().find(R"("online":[],"offline":["user 1","user 2"],"count":1)") != std::string::npos);
    BOOST_TEST(at.of_this_process().size() == 1);
    BOOST_TEST(at.entries() == 1);
}

BOOST_AUTO_TEST_CASE(a_list_comes_in_pages_of_whole_keys) {
    for (int i = 0; i < 6; ++i)
        (void)track("user " + std::to_string(i / 2), i);
    const auto first = at.list("/,room", "", 2);
    BOOST_TEST(first.size() == 4);
    const auto rest = at.list("/,room", first.back().key, 2);
    BOOST_REQUIRE(rest.size() == 2);
    BOOST_TEST(rest[0].key == "user 2");
    BOOST_TEST(at.list("/,nowhere", "", 2).empty());
}

BOOST_AUTO_TEST_CASE(names_with_quotes_are_escaped) {
    (void)at.track("/,a\"b", "k\"", sid(1), "{}", true, now);
    const auto list = tick();
    BOOST_TEST(
        list.back().json.find(R"({"topic":"a\"b","presences":{"k\"":[)") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
