#include "base/sid.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

BOOST_AUTO_TEST_SUITE(sid)

BOOST_AUTO_TEST_CASE(ids_are_twenty_url_safe_characters_and_never_repeat) {
    base::sid_source source;
    std::set<std::string> seen;
    for (int i = 0; i < 10'000; ++i) {
        const auto id = source.next();
        BOOST_REQUIRE(id.size() == base::sid_length);
        BOOST_REQUIRE(
            id.find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == id.npos);
        BOOST_REQUIRE(seen.insert(id).second);
    }
}

BOOST_AUTO_TEST_CASE(the_random_part_differs_in_every_position) {
    base::sid_source source;
    std::vector<std::set<char>> seen(16);
    for (int i = 0; i < 2'000; ++i) {
        const auto id = source.next();
        for (std::size_t at = 0; at < seen.size(); ++at)
            seen[at].insert(id[at]);
    }
    for (const auto& characters : seen)
        BOOST_TEST(characters.size() == 64U);
}

BOOST_AUTO_TEST_SUITE_END()
