#include "base/small_map.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

BOOST_AUTO_TEST_SUITE(small_map)

BOOST_AUTO_TEST_CASE(a_key_is_there_once) {
    base::small_map<int, int> map;
    BOOST_TEST(map.insert(1, 10));
    BOOST_TEST(!map.insert(1, 11));
    BOOST_TEST(*map.find(1) == 10);
    BOOST_TEST(map.find(2) == nullptr);
    BOOST_TEST(!map.erase(2));
    BOOST_TEST(map.erase(1));
    BOOST_TEST(map.empty());
}

// Through the sizes where it is searched, where it has an index, and back.
BOOST_AUTO_TEST_CASE(it_agrees_with_a_map_at_any_size) {
    std::mt19937 random(7);
    for (const unsigned keys : {5U, 16U, 17U, 40U, 1'000U}) {
        base::small_map<unsigned, int> map;
        std::map<unsigned, int> model;
        for (int i = 0; i < 20'000; ++i) {
            const auto key = static_cast<unsigned>(random()) % keys;
            const bool grows = i / 5'000 % 2 == 0;
            if (random() % 4 == 0 ? !grows : grows)
                BOOST_REQUIRE(map.insert(key, i) == model.emplace(key, i).second);
            else
                BOOST_REQUIRE(map.erase(key) == (model.erase(key) == 1));
            BOOST_REQUIRE(map.size() == model.size());
            const auto* found = map.find(key);
            BOOST_REQUIRE((found != nullptr) == model.contains(key));
            if (found)
                BOOST_REQUIRE(*found == model[key]);
        }
        BOOST_TEST((std::map<unsigned, int>(map.begin(), map.end()) == model));
        map.clear();
        BOOST_TEST(map.find(0) == nullptr);
    }
}

BOOST_AUTO_TEST_SUITE_END()
