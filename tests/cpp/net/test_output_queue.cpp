#include "net/output_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>

namespace {

std::string contents(const net::output_queue& queue) {
    std::array<std::string_view, 64> views;
    const auto count = queue.peek(views);
    std::string all;
    for (std::size_t i = 0; i < count; ++i)
        all += views[i];
    return all;
}

void share(net::output_queue& queue, std::string_view payload, std::string_view prefix) {
    const base::bytes data(payload);
    queue.append_shared(data, data.framed(prefix));
}

} // namespace

BOOST_AUTO_TEST_SUITE(output_queue)

BOOST_AUTO_TEST_CASE(copies_lie_together_and_shared_bytes_stay_where_they_are) {
    net::output_queue queue;
    queue.append_copy("a");
    queue.append_copy("b");
    share(queue, "payload", "> ");
    queue.append_copy("c");
    std::array<std::string_view, 8> views;
    BOOST_TEST(queue.peek(views) == 3u);
    BOOST_TEST(contents(queue) == "ab> payloadc");
    BOOST_TEST(queue.size() == 12u);
}

BOOST_AUTO_TEST_CASE(any_part_may_be_sent_first) {
    for (std::size_t step = 1; step <= 13; ++step) {
        net::output_queue queue;
        queue.append_copy("ab");
        share(queue, "payload", "> ");
        queue.append_copy("cd");
        std::string left = "ab> payloadcd";
        while (!queue.empty()) {
            const auto sent = std::min(step, left.size());
            queue.consume(sent);
            left.erase(0, sent);
            BOOST_TEST(contents(queue) == left);
            BOOST_TEST(queue.size() == left.size());
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_left_moves_behind_what_another_queue_has) {
    net::output_queue from;
    net::output_queue to;
    from.append_copy("sent, left ");
    share(from, "shared", "");
    from.consume(6);
    to.append_copy("first ");
    from.move_to(to);
    BOOST_TEST(from.empty());
    BOOST_TEST(contents(to) == "first left shared");
}

BOOST_AUTO_TEST_CASE(a_queue_that_is_never_empty_does_not_grow) {
    net::output_queue queue;
    const std::string block(1000, 'x');
    queue.append_copy("y");
    for (int i = 0; i < 100'000; ++i) { // 100 MB through it
        queue.append_copy(block);
        queue.consume(block.size());
    }
    BOOST_TEST(queue.size() == 1u);
    BOOST_TEST(contents(queue) == "x");
}

BOOST_AUTO_TEST_SUITE_END()
