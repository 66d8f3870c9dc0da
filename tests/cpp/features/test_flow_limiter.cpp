// How often events may come: exactly, and what is told of too many.
#include "features/flow/limiter.hpp"
#include "world.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <memory>
#include <random>
#include <vector>

using features::flow::counted_by;
using features::flow::limiter;
using namespace std::chrono_literals;

namespace {

constexpr auto minute = std::chrono::seconds(60);

struct fixture : fake::feature_world, private limiter::outside {
    fixture() {
        auto made = std::make_shared<features::flow::limits>();
        auto& of = (*made)["/"];
        of["chat"] = {{{3, minute}, counted_by::sid, 1}};
        of["user"] = {{{3, minute}, counted_by::user, 2}};
        of["address"] = {{{4, minute}, counted_by::sid, 4}, {{5, minute}, counted_by::address, 3}};
        judge.use(made);
        feature = &judge;
    }
    bool counts_here(std::string_view) const override { return here; }
    void judge_elsewhere(features::flow::judged_elsewhere&& event) override {
        away.push_back(std::move(event));
    }
    void bind_last_to(std::string_view user) {
        const auto room = std::string(::sio::user_room_prefix).append(user);
        BOOST_REQUIRE(sio.enter_room(last_sid(), "/", room) == ::sio::room_result::ok);
    }
    // How many of so many get through.
    std::size_t send(fake::websocket& from, const std::string& event, int count) {
        (void)app.take();
        for (int i = 0; i < count; ++i)
            receive(from, "42[\"" + event + "\"]");
        return app.take().size();
    }

    bool here = true;
    std::deque<features::flow::judged_elsewhere> away;
    limiter judge{rooms, *this, 4};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(limits_of_events, fixture)

BOOST_AUTO_TEST_CASE(what_is_too_much_is_answered_and_goes_no_further) {
    auto client = visit();
    BOOST_TEST(send(*client, "chat", 3) == 3);
    BOOST_TEST(sent(*client) == "");
    BOOST_TEST(tell(*client, "42[\"chat\"]") == "42[\"error\",\"Rate limit exceeded\"]");
    BOOST_TEST(
        tell(*client, "427[\"chat\",1]") ==
        "437[{\"success\":false,\"error\":\"Rate limit exceeded\"}]");
    BOOST_TEST(app.take().empty());
    BOOST_TEST(judge.refused() == 2);
    BOOST_TEST(send(*client, "other", 9) == 9);
}

BOOST_AUTO_TEST_CASE(
    a_client_recovers_as_its_events_leave_the_window_and_refused_ones_do_not_count) {
    auto client = visit();
    BOOST_TEST(send(*client, "chat", 1) == 1);
    pass(std::chrono::seconds(30));
    BOOST_TEST(send(*client, "chat", 9) == 2);
    pass(std::chrono::seconds(30) - 1ns);
    BOOST_TEST(send(*client, "chat", 1) == 0);
    pass(1ns);
    BOOST_TEST(send(*client, "chat", 9) == 1);
    pass(std::chrono::seconds(30));
    BOOST_TEST(send(*client, "chat", 9) == 2);
}

BOOST_AUTO_TEST_CASE(clients_count_by_themselves_by_user_or_by_address) {
    auto one = visit();
    auto two = visit();
    const auto sid = last_sid();
    BOOST_TEST(send(*one, "chat", 9) + send(*two, "chat", 9) == 6);
    BOOST_TEST(send(*one, "user", 9) + send(*two, "user", 9) == 6); // of nobody: by themselves
    BOOST_TEST(send(*one, "address", 9) == 4);
    BOOST_TEST(send(*two, "address", 9) == 1);
}

BOOST_AUTO_TEST_CASE(events_without_a_limit_of_their_own_may_have_one_together) {
    auto made = std::make_shared<features::flow::limits>();
    (*made)["/"]["chat"] = {{{3, minute}, counted_by::sid, 1}};
    (*made)["/"]["*"] = {{{2, minute}, counted_by::sid, 2}};
    judge.use(made);
    auto client = visit();
    BOOST_TEST(send(*client, "chat", 9) == 3);
    BOOST_TEST(send(*client, "a", 1) + send(*client, "b", 9) == 2);
}

BOOST_AUTO_TEST_CASE(two_clients_of_a_user_share_a_limit) {
    auto one = visit();
    bind_last_to("u1");
    auto two = visit();
    bind_last_to("u1");
    BOOST_TEST(send(*one, "user", 2) == 2);
    BOOST_TEST(send(*two, "user", 2) == 1);
}

BOOST_AUTO_TEST_CASE(what_is_counted_on_another_shard_waits_for_its_word) {
    here = false;
    auto client = visit();
    bind_last_to("u1");
    BOOST_TEST(send(*client, "user", 1) == 0);
    BOOST_REQUIRE(away.size() == 1);
    auto event = std::move(away.front());
    BOOST_TEST(event.args.json == "[\"user\"]");
    const auto* from = sio.find(event.sid, "/");
    BOOST_TEST(
        judge.proceed(::sio::peer(*from), event.event, event.id, event.args, event.next, now));
    judge.let_pass(
        [&] { sio.repeat(event.sid, "/", event.event, event.id, std::move(event.args)); });
    BOOST_TEST(app.take().size() == 1);
    BOOST_TEST(away.size() == 1);
}

BOOST_AUTO_TEST_CASE(keys_are_forgotten_when_their_window_is_over_and_at_the_bound) {
    for (int i = 0; i < 6; ++i)
        BOOST_TEST(send(*visit(), "chat", 1) == 1);
    BOOST_TEST(judge.keys() == 4);
    pass(minute);
    BOOST_TEST(judge.keys() == 0);
    BOOST_TEST(!judge.next_deadline());
}

BOOST_AUTO_TEST_CASE(a_log_says_what_counting_in_every_window_says) {
    std::mt19937 random(5);
    features::flow::sliding_log allowed;
    const features::flow::rate most{7, 100ms};
    std::vector<base::time_point> taken;
    base::time_point at{1h};
    for (int i = 0; i < 20'000; ++i) {
        at += std::chrono::milliseconds(random() % 25);
        const auto within = std::ranges::count_if(
            taken, [&](base::time_point each) { return at - each < most.window; });
        const bool expected = within < 7;
        if (allowed.take(most, at) != expected) {
            BOOST_TEST(false, "at " << i);
            break;
        }
        if (expected)
            taken.push_back(at);
        if (taken.size() > 50)
            taken.erase(taken.begin(), taken.begin() + 30);
    }
}

BOOST_AUTO_TEST_SUITE_END()
