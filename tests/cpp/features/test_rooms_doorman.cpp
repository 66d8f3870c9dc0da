// Who comes into rooms by rules, and what the others are told.
#include "features/rooms/doorman.hpp"
#include "world.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <stdexcept>

using features::rooms::choice;
using features::rooms::rule;

namespace {

const std::string job = "507f1f77bcf86cd799439011";

struct warnings final : base::log_sink {
    void log(base::log_channel, base::log_level, std::string text) override {
        lines.push_back(std::move(text));
    }
    std::vector<std::string> lines;
};

struct fixture : fake::feature_world {
    fixture() {
        auto made = std::make_shared<features::rooms::rules>();
        auto& of = (*made)["/"];
        const rule jobs{
            "jobId",
            "Invalid job ID format",
            {choice("all", "all-jobs", "jobId"), choice("[0-9a-f]{24}", "job:{jobId}", "jobId")}};
        of.query = {jobs, {"any", "none", {choice(".*", "{any}", "any")}}};
        of.events.emplace("subscribe:job", features::rooms::event_rule{jobs, false});
        of.events.emplace("unsubscribe:job", features::rooms::event_rule{jobs, true});
        of.asked = {base::pattern::glob("secret:*")};
        of.switches = true;
        door.use(made);
        feature = &door;
    }
    void judge(const std::string& sid, const std::string& room, bool allowed) {
        door.judged(::sio::peer(*sio.find(sid, "/")), room, allowed);
        turn();
    }

    warnings logged;
    std::vector<features::rooms::question> asked;
    features::rooms::doorman door{rooms, logged, [this](features::rooms::question&& each) {
                                      asked.push_back(std::move(each));
                                  }};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(rooms_by_rules, fixture)

BOOST_AUTO_TEST_CASE(the_query_says_which_room_a_client_comes_into) {
    visit("jobId=" + job);
    BOOST_TEST(in_room(last_sid(), "job:" + job));
    BOOST_TEST(!in_room(last_sid(), "all-jobs"));
    visit("jobId=%61ll");
    BOOST_TEST(in_room(last_sid(), "all-jobs"));
    BOOST_TEST(!in_room(last_sid(), "job:all"));
    BOOST_TEST(sent(*visit()) == "");
    BOOST_TEST(logged.lines.empty());
}

BOOST_AUTO_TEST_CASE(a_value_that_matches_nothing_is_told_and_logged_and_the_client_stays) {
    auto client = visit("jobId=inv%22alid");
    BOOST_TEST(
        sent(*client) ==
        "42[\"room:error\",{\"message\":\"Invalid job ID format\",\"jobId\":\"inv\\\"alid\"}]");
    BOOST_TEST(logged.lines.size() == 1);
    BOOST_TEST(sio.rooms(last_sid(), "/").size() == 1);
    BOOST_TEST(!client->closed);
}

BOOST_AUTO_TEST_CASE(what_a_client_is_told_is_utf8_and_short) {
    auto client = visit("jobId=%ff%fe" + std::string(5'000, 'x'));
    const auto told = sent(*client);
    BOOST_TEST(told.find("\"??xxx") != told.npos);
    BOOST_TEST(told.size() < 300);
}

BOOST_AUTO_TEST_CASE(rooms_whose_names_are_no_text_of_the_application_are_nobodys) {
    auto client = visit("any=%00i5");
    BOOST_TEST(sent(*client).find("room:error") != std::string::npos);
    BOOST_TEST(sio.rooms(last_sid(), "/").size() == 1);
}

BOOST_AUTO_TEST_CASE(an_event_asks_for_a_room_and_another_leaves_it) {
    auto client = visit();
    BOOST_TEST(
        tell(*client, "427[\"subscribe:job\",\"all\"]") ==
        "437[{\"ok\":true,\"left\":[],\"joined\":[\"all-jobs\"]}]");
    BOOST_TEST(in_room(last_sid(), "all-jobs"));
    BOOST_TEST(tell(*client, "42[\"unsubscribe:job\",\"all\"]") == "");
    BOOST_TEST(!in_room(last_sid(), "all-jobs"));
    BOOST_TEST(
        tell(*client, "42[\"subscribe:job\",{\"$ne\":1}]") ==
        "42[\"room:error\",{\"message\":\"Invalid job ID format\",\"jobId\":\"{\\\"$ne\\\":1}\"}]");
    BOOST_TEST(tell(*client, "42[\"subscribe:job\"]").starts_with("42[\"room:error\""));
    BOOST_TEST(app.take().empty());
}

BOOST_AUTO_TEST_CASE(rooms_are_switched_all_or_none) {
    auto client = visit("jobId=" + job);
    BOOST_TEST(
        tell(
            *client,
            "421[\"room:switch\",{\"leave\":\"job:" + job + "\",\"join\":[\"all-jobs\"]}]") ==
        "431[{\"ok\":true,\"left\":[\"job:" + job + "\"],\"joined\":[\"all-jobs\"]}]");
    BOOST_TEST(!in_room(last_sid(), "job:" + job));
    BOOST_TEST(
        tell(*client, "422[\"room:switch\",{\"leave\":\"all-jobs\",\"join\":\"job:x\"}]") ==
        "432[{\"ok\":true,\"left\":[\"all-jobs\"],\"joined\":[\"job:x\"]}]"); // by {any}
}

BOOST_AUTO_TEST_CASE(the_application_is_asked_once_and_its_word_counts) {
    auto client = visit();
    const auto sid = last_sid();
    BOOST_TEST(tell(*client, "421[\"room:switch\",{\"join\":\"secret:1\"}]") == "");
    BOOST_TEST(tell(*client, "422[\"room:switch\",{\"join\":[\"secret:1\",\"all-jobs\"]}]") == "");
    BOOST_REQUIRE(asked.size() == 1);
    BOOST_TEST(asked[0].room == "secret:1");
    judge(sid, "secret:1", true);
    BOOST_TEST(
        sent(*client) == "431[{\"ok\":true,\"left\":[],\"joined\":[\"secret:1\"]}]"
                         "432[{\"ok\":true,\"left\":[],\"joined\":[\"secret:1\",\"all-jobs\"]}]");
    BOOST_TEST(in_room(sid, "secret:1"));

    (void)tell(*client, "423[\"room:switch\",{\"leave\":\"all-jobs\",\"join\":\"secret:2\"}]");
    judge(sid, "secret:2", false);
    const auto refused = "[{\"ok\":false,\"error\":\"Not allowed\",\"room\":\"secret:2\"}]";
    BOOST_TEST(sent(*client) == std::string("433") + refused);
    BOOST_TEST(in_room(sid, "all-jobs"));
    BOOST_TEST(
        tell(*client, "424[\"room:switch\",{\"join\":\"secret:2\"}]") ==
        std::string("434") + refused);
    BOOST_TEST(asked.size() == 2);
}

BOOST_AUTO_TEST_CASE(who_is_put_out_is_told_and_does_not_come_back) {
    auto client = visit();
    const auto sid = last_sid();
    (void)tell(*client, "421[\"room:switch\",{\"join\":\"secret:1\"}]");
    judge(sid, "secret:1", true);
    client->sent.clear();
    door.revoke(::sio::peer(*sio.find(sid, "/")), "secret:1");
    turn();
    BOOST_TEST(sent(*client) == "42[\"room:revoked\",{\"room\":\"secret:1\"}]");
    BOOST_TEST(!in_room(sid, "secret:1"));
    BOOST_TEST(
        tell(*client, "422[\"room:switch\",{\"join\":\"secret:1\"}]").find("Not allowed") !=
        std::string::npos);

    (void)tell(*client, "423[\"room:switch\",{\"join\":\"secret:2\"}]");
    door.revoke(::sio::peer(*sio.find(sid, "/")), "secret:2"); // while it is being asked about
    judge(sid, "secret:2", true);
    BOOST_TEST(sent(*client).starts_with("433[{\"ok\":false"));
    BOOST_TEST(!in_room(sid, "secret:2"));
}

BOOST_AUTO_TEST_CASE(more_requests_than_can_wait_are_refused) {
    auto client = visit();
    for (int i = 0; i < 16; ++i)
        BOOST_TEST(
            tell(*client, "421[\"room:switch\",{\"join\":\"secret:" + std::to_string(i) + "\"}]") ==
            "");
    BOOST_TEST(
        tell(*client, "422[\"room:switch\",{\"join\":\"secret:99\"}]").find("Too many") !=
        std::string::npos);
    BOOST_TEST(asked.size() == 16);
    client->owner->on_frame(*client, "41", false, now); // it leaves while they wait
    BOOST_CHECK_NO_THROW(turn());
}

BOOST_AUTO_TEST_CASE(what_is_said_of_a_client_is_forgotten_at_the_bound_and_asked_again) {
    auto client = visit();
    const auto sid = last_sid();
    for (int i = 0; i < 300; ++i) {
        const auto room = "secret:" + std::to_string(i);
        (void)tell(*client, "421[\"room:switch\",{\"join\":\"" + room + "\"}]");
        judge(sid, room, false);
    }
    BOOST_TEST(asked.size() == 300);
    BOOST_TEST(sio.rooms(sid, "/").size() == 1);
}

BOOST_AUTO_TEST_CASE(malformed_switches_change_nothing) {
    auto client = visit("jobId=all");
    for (const auto* wrong :
         {"\"all-jobs\"",
          "null",
          "[]",
          "{\"join\":1}",
          "{\"leave\":{\"a\":1}}",
          "{\"join\":[1]}",
          "{\"join\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\","
          "\"13\",\"14\",\"15\",\"16\",\"17\"]}",
          "{\"join\":\"\"}",
          "{\"join\":\"\\u0000i1\"}"})
        BOOST_TEST(
            tell(*client, std::string("421[\"room:switch\",") + wrong + "]")
                .starts_with("431[{\"ok\":false"),
            wrong);
    BOOST_TEST(sio.rooms(last_sid(), "/").size() == 2);
}

BOOST_AUTO_TEST_CASE(a_room_that_cannot_be_meant_is_refused_when_the_rule_is_made) {
    for (const auto* wrong : {"", "{", "job:{id}", "{jobId}{jobId}", "a}b"})
        BOOST_CHECK_THROW(choice("a", wrong, "jobId"), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
