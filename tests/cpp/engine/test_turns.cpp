// A long inbox shares the loop with everything else, and loses nothing by it.
#include "engine/outbox.hpp"
#include "engine/shards.hpp"
#include "engine/world.hpp"
#include "sio/server.hpp"

#include <atomic>
#include <future>
#include <numeric>
#include <thread>

using namespace fake;

namespace {

struct fixture {
    fixture() {
        shard().post([](engine::shard_context& in) {
            sio::interest wanted;
            wanted.namespaces = {"/"};
            in.sio().set_interest(std::move(wanted));
        });
        port = answer<std::uint16_t>([](engine::shard_context& in) {
                   return in.listen("127.0.0.1", 0, "/socket.io/").second;
               }).get();
    }
    engine::shard& shard() { return all[0]; }
    template <class Answer, class Question>
    std::future<Answer> answer(Question question) {
        std::promise<Answer> promise;
        auto future = promise.get_future();
        shard().post([question = std::move(question), promise = std::move(promise)](
                         engine::shard_context& in) mutable { promise.set_value(question(in)); });
        return future;
    }

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
        std::promise<void> standing;
        const auto stands = standing.get_future();
        shard().post(
            [standing = std::move(standing),
             until = go_on.get_future()](engine::shard_context&) mutable {
                standing.set_value();
                until.wait();
            },
            engine::urgency::now);
        stands.wait();
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
    auto go_on = stand_still();
    shard().post([](engine::shard_context& in) { emit(in, "first"); });
    post_much_work();
    auto in_time = answer<bool>([until = heard.get_future()](engine::shard_context& in) {
        emit(in, "last");
        return until.wait_for(5s) == std::future_status::ready;
    });
    go_on.set_value();
    BOOST_TEST(hearing.receive_frame() == "42[\"first\"]");
    heard.set_value();
    BOOST_TEST(in_time.get());
    BOOST_TEST(hearing.receive_frame() == "42[\"last\"]");
}

BOOST_AUTO_TEST_CASE(others_are_read_before_a_long_inbox_has_ended) {
    client asking(port);
    auto go_on = stand_still();
    std::promise<void> gone;
    for (int step = 0; step < 12; ++step) // the loop looks for what has come, reads, tells
        post_much_work();
    auto in_time = answer<bool>([until = gone.get_future()](engine::shard_context&) {
        return until.wait_for(5s) == std::future_status::ready;
    });
    asking.send_frame("41"); // leaves "/", and is heard
    go_on.set_value();
    pollfd wake{out->wake.readable_end(), POLLIN, 0};
    BOOST_TEST(::poll(&wake, 1, 5000) == 1);
    gone.set_value();
    BOOST_TEST(in_time.get());
}

BOOST_AUTO_TEST_CASE(tasks_are_run_in_their_order_though_the_loop_has_turns_between) {
    constexpr int tasks = 300;
    std::vector<int> order;
    auto go_on = stand_still();
    for (int number = 0; number < tasks; ++number)
        shard().post([&, number](engine::shard_context& in) {
            order.push_back(number);
            if (number % 100 == 0)
                work_long(in);
            if (number < 3) // comes behind those that wait already
                shard().post(
                    [&, number](engine::shard_context&) { order.push_back(tasks + number); });
        });
    go_on.set_value();
    for (int i = 0; i < 2; ++i) // behind the many, and then behind the last three
        BOOST_TEST(answer<bool>([](engine::shard_context&) { return true; }).get());
    std::vector<int> expected(tasks + 3);
    std::iota(expected.begin(), expected.end(), 0);
    BOOST_TEST(order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(whoever_posts_more_than_may_wait_waits_until_the_shard_has_got_on) {
    constexpr std::size_t mebibyte = 1024 * 1024;
    constexpr int all_of_them = 100;
    constexpr int may_wait = 32;
    std::atomic<int> posted = 0;
    int run = 0;
    auto go_on = stand_still();
    std::thread posting([&] {
        for (int i = 0; i < all_of_them; ++i) {
            shard().post({[&](engine::shard_context&) { ++run; }, mebibyte});
            shard().wait_for_room();
            ++posted;
        }
    });
    while (posted < may_wait - 1)
        std::this_thread::yield();
    for (int i = 0; i < 1'000; ++i) // it has all the time to go too far
        std::this_thread::yield();
    BOOST_TEST(posted < may_wait);
    go_on.set_value();
    posting.join();
    shard().begin_stop(0ms);
    shard().join();
    BOOST_TEST(run == all_of_them);
}

BOOST_AUTO_TEST_CASE(whoever_waits_for_room_is_let_go_at_the_end) {
    auto go_on = stand_still();
    shard().begin_stop(0ms);
    std::thread posting([&] {
        shard().post({[](engine::shard_context&) {}, std::size_t{1} << 40});
        shard().wait_for_room();
    });
    go_on.set_value();
    posting.join();
    shard().join();
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
