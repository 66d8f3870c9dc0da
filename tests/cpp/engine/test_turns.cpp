// A long inbox shares the loop with everything else, and loses nothing by it.
#include "engine/shards.hpp"
#include "engine/world.hpp"
#include "sio/server.hpp"

#include <future>
#include <numeric>

using namespace fake;

namespace {

struct fixture {
    fixture() {
        shard().post([](engine::shard_context& in) {
            sio::interest wanted;
            wanted.namespaces = {"/"};
            in.sio().set_interest(std::move(wanted));
        });
        std::promise<std::uint16_t> bound;
        shard().post([&](engine::shard_context& in) {
            bound.set_value(in.listen("127.0.0.1", 0, "/socket.io/").second);
        });
        port = bound.get_future().get();
    }
    engine::shard& shard() { return all[0]; }

    // More than fits into any slice of the loop's time, and then enough small tasks for the shard
    // to have looked at its clock.
    void post_much_work() {
        shard().post(work_long);
        for (int i = 0; i < 8; ++i)
            shard().post([](engine::shard_context&) {});
    }
    static void work_long(engine::shard_context& in) {
        const auto end = in.now() + 20ms;
        while (in.now() < end) {
        }
    }
    static void emit(engine::shard_context& in, const std::string& event) {
        in.sio().emit("/", {}, {"[\"" + event + "\"]", {}}, 0);
    }
    // The shard stands still until it is fulfilled, so that what is posted meanwhile is one batch.
    std::promise<void> stand_still() {
        std::promise<void> go_on;
        shard().post(
            [until = go_on.get_future().share()](engine::shard_context&) { until.wait(); },
            engine::urgency::now);
        return go_on;
    }

    std::shared_ptr<engine::outbox> out = std::make_shared<engine::outbox>();
    engine::shards all{{}, out};
    std::uint16_t port = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(turns, fixture)

BOOST_AUTO_TEST_CASE(what_one_task_sends_leaves_before_a_long_inbox_has_ended) {
    client hearing(port);
    std::promise<void> heard;
    std::promise<bool> in_time;
    auto go_on = stand_still();
    shard().post([](engine::shard_context& in) { emit(in, "first"); });
    post_much_work();
    shard().post([&](engine::shard_context& in) {
        in_time.set_value(heard.get_future().wait_for(5s) == std::future_status::ready);
        emit(in, "last");
    });
    go_on.set_value();
    BOOST_TEST(hearing.receive_frame() == "42[\"first\"]");
    heard.set_value();
    BOOST_TEST(in_time.get_future().get());
    BOOST_TEST(hearing.receive_frame() == "42[\"last\"]");
}

BOOST_AUTO_TEST_CASE(others_are_read_before_a_long_inbox_has_ended) {
    client asking(port);
    auto go_on = stand_still();
    std::promise<void> gone;
    std::promise<bool> in_time;
    post_much_work(); // then the loop looks for what has come
    post_much_work(); // and then it is read
    shard().post([&](engine::shard_context&) {
        in_time.set_value(gone.get_future().wait_for(5s) == std::future_status::ready);
    });
    asking.send_frame("41"); // leaves "/", and is heard
    go_on.set_value();
    pollfd wake{out->wake.readable_end(), POLLIN, 0};
    BOOST_TEST(::poll(&wake, 1, 5000) == 1);
    gone.set_value();
    BOOST_TEST(in_time.get_future().get());
}

BOOST_AUTO_TEST_CASE(tasks_are_run_in_their_order_though_the_loop_has_turns_between) {
    constexpr int tasks = 300;
    std::vector<int> order;
    std::promise<void> all_run;
    auto go_on = stand_still();
    for (int number = 0; number < tasks; ++number)
        shard().post([&, number](engine::shard_context& in) {
            order.push_back(number);
            if (number % 100 == 0)
                work_long(in);
            if (number < 3) // comes behind those that wait already
                shard().post([&, number](engine::shard_context&) {
                    order.push_back(tasks + number);
                    if (number == 2)
                        all_run.set_value();
                });
        });
    go_on.set_value();
    BOOST_REQUIRE(all_run.get_future().wait_for(5s) == std::future_status::ready);
    std::vector<int> expected(tasks + 3);
    std::iota(expected.begin(), expected.end(), 0);
    BOOST_TEST(order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_was_posted_before_the_end_is_run) {
    int run = 0;
    auto go_on = stand_still();
    for (int i = 0; i < 20; ++i)
        shard().post([&, i](engine::shard_context& in) {
            ++run;
            if (i % 5 == 0)
                work_long(in);
        });
    shard().begin_stop(0ms);
    go_on.set_value();
    shard().join();
    BOOST_TEST(run == 20);
    BOOST_TEST(!shard().post([](engine::shard_context&) {}));
}

BOOST_AUTO_TEST_SUITE_END()
