#include "base/countdown.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(countdown)

BOOST_AUTO_TEST_CASE(a_single_part_is_the_last) {
    BOOST_TEST(base::countdown().done());
    BOOST_TEST(base::countdown(1).done());
}

BOOST_AUTO_TEST_CASE(one_of_many_threads_is_the_last_and_sees_what_the_others_did) {
    constexpr unsigned count = 4;
    for (int round = 0; round < 100; ++round) {
        const base::countdown parts(count);
        std::vector<int> done(count); // not atomic: ThreadSanitizer looks
        int seen = 0;
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < count; ++i)
            threads.emplace_back([&, mine = parts, i]() mutable {
                done[i] = 1;
                if (mine.done())
                    for (const auto each : done)
                        seen += each;
            });
        for (auto& each : threads)
            each.join();
        BOOST_REQUIRE(seen == static_cast<int>(count));
    }
}

BOOST_AUTO_TEST_SUITE_END()
