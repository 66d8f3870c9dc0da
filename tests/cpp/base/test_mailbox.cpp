#include "base/mailbox.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

using base::post_result;

BOOST_AUTO_TEST_SUITE(mailbox)

BOOST_AUTO_TEST_CASE(only_the_first_post_after_a_take_wakes) {
    base::mailbox<int> box;
    BOOST_TEST((box.post(1) == post_result::first));
    BOOST_TEST((box.post(2) == post_result::queued));
    std::vector<int> taken;
    box.take(taken);
    BOOST_TEST(taken == (std::vector{1, 2}), boost::test_tools::per_element());
    BOOST_TEST((box.post(3) == post_result::first));
}

BOOST_AUTO_TEST_CASE(a_closed_box_drops_and_destroys) {
    base::mailbox<std::shared_ptr<int>> box;
    const auto item = std::make_shared<int>(1);
    (void)box.post(item);
    box.close();
    BOOST_TEST(item.use_count() == 1);
    BOOST_TEST((box.post(item) == post_result::closed));
    BOOST_TEST(item.use_count() == 1);
}

namespace {

struct heavy {
    std::size_t bytes = 0;
    [[nodiscard]] std::size_t weight() const { return bytes; }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_box_is_full_until_enough_of_what_was_taken_is_done) {
    base::mailbox<heavy> box(100);
    (void)box.post({100});
    BOOST_TEST(!box.full());
    BOOST_TEST(box.post_quietly({50}));
    BOOST_TEST(box.full());
    std::vector<heavy> taken;
    box.take(taken);
    BOOST_TEST(box.full());
    box.done(49);
    BOOST_TEST(box.full());
    box.done(1);
    BOOST_TEST(!box.full());
    box.wait_for_room();
}

BOOST_AUTO_TEST_CASE(a_writer_waits_until_there_is_room) {
    base::mailbox<heavy> box(100);
    std::atomic<bool> made_room = false;
    bool waited = false;
    (void)box.post({150});
    std::thread writer([&] {
        box.wait_for_room();
        waited = made_room;
    });
    std::vector<heavy> taken;
    box.take(taken);
    made_room = true;
    box.done(150);
    writer.join();
    BOOST_TEST(waited);
}

BOOST_AUTO_TEST_CASE(who_waits_for_room_is_let_go_when_the_box_is_closed) {
    base::mailbox<heavy> box(100);
    (void)box.post({150});
    std::thread writer([&] { box.wait_for_room(); });
    box.close();
    writer.join();
    BOOST_TEST((box.post({1}) == post_result::closed));
}

BOOST_AUTO_TEST_CASE(each_writer_keeps_its_order) {
    constexpr int writers = 4;
    constexpr int each = 10'000;
    base::mailbox<std::pair<int, int>> box;
    std::vector<std::thread> threads;
    for (int writer = 0; writer < writers; ++writer)
        threads.emplace_back([&box, writer] {
            for (int i = 0; i < each; ++i)
                (void)box.post({writer, i});
        });
    std::vector<int> seen(writers, 0);
    std::vector<std::pair<int, int>> taken;
    int total = 0;
    while (total < writers * each) {
        box.take(taken);
        for (const auto& [writer, i] : taken) {
            BOOST_REQUIRE(i == seen[static_cast<std::size_t>(writer)]++);
            ++total;
        }
        std::this_thread::yield();
    }
    for (auto& thread : threads)
        thread.join();
}

BOOST_AUTO_TEST_SUITE_END()
