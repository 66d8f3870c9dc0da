#include "features/usage/hash.hpp"
#include "features/usage/id_set.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <random>
#include <string>

using namespace features::usage;

BOOST_AUTO_TEST_SUITE(usage_ids)

BOOST_AUTO_TEST_CASE(the_hash_is_siphash_with_128_bits) {
    // The first two vectors of the reference implementation, whose key is 00 01 .. 0f.
    const hash128 key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
    BOOST_TEST((siphash(key, {}) == hash128{0xe6a825ba047f81a3U, 0x930255c71472f66dU}));
    BOOST_TEST(
        (siphash(key, std::string_view("\0", 1)) ==
         hash128{0x44af996bd8c187daU, 0x45fc229b11597634U}));
}

BOOST_AUTO_TEST_CASE(an_id_is_known_until_its_time_is_up) {
    id_set ids({1, 2}, 100, 10);
    BOOST_TEST(ids.insert(ids.known_by("a"), 1000));
    BOOST_TEST(!ids.insert(ids.known_by("a"), 1009));
    BOOST_TEST(ids.contains(ids.known_by("a"), 1009));
    BOOST_TEST(!ids.contains(ids.known_by("a"), 1010));
    BOOST_TEST(ids.insert(ids.known_by("a"), 1010));
    BOOST_TEST(ids.size() == 1);
}

BOOST_AUTO_TEST_CASE(at_the_bound_the_oldest_makes_room) {
    id_set ids({1, 2}, 3, 10);
    for (const char* each : {"a", "b", "c", "d"})
        BOOST_TEST(ids.insert(ids.known_by(each), 0));
    BOOST_TEST(ids.size() == 3);
    BOOST_TEST(!ids.contains(ids.known_by("a"), 0));
    BOOST_TEST(ids.contains(ids.known_by("b"), 0));
    BOOST_TEST(ids.contains(ids.known_by("d"), 0));
}

BOOST_AUTO_TEST_CASE(it_agrees_with_a_plain_list_over_many_ids_that_come_and_go) {
    constexpr std::size_t most = 3000;
    id_set ids({3, 4}, most, 50);
    std::deque<std::pair<std::string, std::int64_t>> plain;
    std::mt19937 random(7);
    for (std::int64_t step = 0; step < 60'000; ++step) {
        const auto now = step / 100;
        while (!plain.empty() && plain.front().second <= now - 50)
            plain.pop_front();
        const auto id = std::to_string(random() % 20'000);
        const bool known = ids.contains(ids.known_by(id), now);
        BOOST_REQUIRE(ids.insert(ids.known_by(id), now) != known);
        if (!known) {
            if (plain.size() == most)
                plain.pop_front();
            plain.emplace_back(id, now);
        }
        BOOST_REQUIRE(ids.size() == plain.size());
    }
    for (const auto& [id, at] : plain)
        BOOST_REQUIRE(ids.contains(ids.known_by(id), 599));
}

BOOST_AUTO_TEST_SUITE_END()
