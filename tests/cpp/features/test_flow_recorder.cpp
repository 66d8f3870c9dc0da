// What rooms keep, and what a client gets that has been away.
#include "features/flow/recorder.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <string>

using features::flow::emission;
using features::flow::recorder;
using namespace std::chrono_literals;

namespace {

struct fixture {
    fixture() {
        auto made = std::make_shared<features::flow::recordings>();
        made->all.push_back({"/", base::pattern::glob("job:*"), 3, 100'000, 1min});
        made->all.push_back({"/", base::pattern::glob("all"), 100, 1'000, 1min});
        keeper.use(made);
    }
    // As it goes out.
    std::string emit(const std::string& json, std::vector<std::string> rooms) {
        emission sent{"/", {.rooms = std::move(rooms), .skip_sids = {}}, {json, {}}};
        keeper.record(sent, now);
        return sent.args.json;
    }
    std::string since(const std::string& room, const std::string& id) {
        const auto missed = keeper.since("/", room, id, now);
        std::string all = missed.gap ? "gap " : "";
        for (const auto& each : missed.events)
            all += each.args.json;
        return all;
    }

    base::time_point now{1h};
    recorder keeper{"e", 3};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(rooms_that_keep_events, fixture)

BOOST_AUTO_TEST_CASE(events_carry_where_a_client_stands_and_it_gets_what_comes_behind) {
    BOOST_TEST(emit("[\"a\",1]", {"job:1"}) == "[\"a\",1,{\"job:1\":\"e-1\"}]");
    BOOST_TEST(emit("[\"a\"]", {"job:1"}) == "[\"a\",{\"job:1\":\"e-2\"}]");
    BOOST_TEST(emit("[\"b\"]", {"job:2"}) == "[\"b\",{\"job:2\":\"e-3\"}]");
    BOOST_TEST(emit("[\"c\"]", {"elsewhere"}) == "[\"c\"]");
    BOOST_TEST(since("job:1", "e-1") == "[\"a\",{\"job:1\":\"e-2\"}]");
    BOOST_TEST(since("job:1", "e-2") == "");
    BOOST_TEST(since("job:2", "e-1") == "[\"b\",{\"job:2\":\"e-3\"}]");
    BOOST_TEST(since("elsewhere", "e-1") == "");
}

BOOST_AUTO_TEST_CASE(an_event_to_several_rooms_is_kept_in_each) {
    BOOST_TEST(
        emit("[\"a\"]", {"job:1", "x", "all"}) == "[\"a\",{\"job:1\":\"e-1\",\"all\":\"e-2\"}]");
    BOOST_TEST(since("all", "e-1") == "[\"a\",{\"all\":\"e-2\"}]");
}

BOOST_AUTO_TEST_CASE(what_is_not_kept_any_more_is_a_gap) {
    for (const auto* each : {"[1]", "[2]", "[3]", "[4]", "[5]"})
        (void)emit(each, {"job:1"});
    BOOST_TEST(since("job:1", "e-2").starts_with("[3,"));
    BOOST_TEST(since("job:1", "e-1").starts_with("gap [3,"));
    now += 1min;
    BOOST_TEST(since("job:1", "e-4") == "gap ");
    BOOST_TEST(since("job:1", "e-5") == "");
    keeper.sweep(now);
    BOOST_TEST(keeper.rooms() == 0);
    BOOST_TEST(since("job:1", "e-4") == "gap ");
    BOOST_TEST(since("job:1", "e-5") == "");
}

BOOST_AUTO_TEST_CASE(ids_that_this_run_has_not_given_are_unknown) {
    (void)emit("[1]", {"job:1"});
    for (const auto* wrong :
         {"", "f-1", "e-", "e-x", "e-1x", "e-99", "e--1", "e-99999999999999999999"})
        BOOST_TEST(since("job:1", wrong).starts_with("gap [1,"), wrong);
}

BOOST_AUTO_TEST_CASE(bytes_and_rooms_are_bounded) {
    const auto large = "[\"" + std::string(300, 'x') + "\"]";
    for (int i = 0; i < 9; ++i)
        (void)emit(large, {"all"});
    BOOST_TEST(since("all", "e-1").size() < 1'500);
    for (const auto* each : {"job:1", "job:2", "job:3", "job:4"})
        (void)emit("[1]", {each});
    BOOST_TEST(keeper.rooms() == 3);
    BOOST_TEST(since("all", "e-8") == "gap "); // the room that was silent for the longest
}

BOOST_AUTO_TEST_CASE(attachments_come_again_as_copies) {
    emission sent{
        "/",
        {.rooms = {{"job:1"}}, .skip_sids = {"me"}},
        {"[\"a\",{\"_placeholder\":true,\"num\":0}]", {base::bytes(std::string_view("raw"))}}};
    keeper.record(sent, now);
    const auto missed = keeper.since("/", "job:1", "e-0", now);
    BOOST_REQUIRE(missed.events.size() == 1);
    BOOST_TEST(missed.events[0].args.attachments.at(0).view() == "raw");
    const void* const again = missed.events[0].args.attachments[0].view().data();
    BOOST_TEST(again != static_cast<const void*>(sent.args.attachments[0].view().data()));
    BOOST_TEST(missed.events[0].whom.skip_sids.at(0) == "me");
}

BOOST_AUTO_TEST_SUITE_END()
