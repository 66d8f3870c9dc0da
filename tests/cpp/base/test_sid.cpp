#include "base/sid.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

BOOST_AUTO_TEST_SUITE(sid)

BOOST_AUTO_TEST_CASE(ids_are_twenty_url_safe_characters_and_never_repeat) {
    base::sid_source source;
    std::set<std::string> seen;
    for (int i = 0; i < 10'000; ++i) {
        const auto id = source.next().str();
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
            seen[at].insert(id.view()[at]);
    }
    for (const auto& characters : seen)
        BOOST_TEST(characters.size() == 64U);
}

BOOST_AUTO_TEST_CASE(text_of_another_length_is_the_id_of_nobody) {
    BOOST_TEST(!base::sid::parse(""));
    BOOST_TEST(!base::sid::parse("nineteen-characters"));
    BOOST_TEST(!base::sid::parse("twenty-one-characters"));
    BOOST_REQUIRE(base::sid::parse("twenty-characters-20"));
    BOOST_TEST(base::sid::parse("twenty-characters-20")->view() == "twenty-characters-20");
}

BOOST_AUTO_TEST_CASE(an_id_is_compared_and_found_as_the_text_it_is) {
    base::sid_source source;
    base::sid_map<int> numbered;
    std::vector<base::sid> ids;
    for (int i = 0; i < 1'000; ++i) {
        ids.push_back(source.next());
        numbered.emplace(ids.back(), i);
    }
    for (int i = 0; i < 1'000; ++i) {
        const auto text = ids[static_cast<std::size_t>(i)].str();
        BOOST_REQUIRE(ids[static_cast<std::size_t>(i)] == text);
        BOOST_REQUIRE(numbered.find(text)->second == i);
        BOOST_REQUIRE(!numbered.contains(text + "x"));
    }
    BOOST_TEST((ids[0] < ids[1]) == (ids[0].view() < ids[1].view()));
    BOOST_TEST((ids[0] != ids[1]));
    BOOST_TEST((base::sid(ids[0]) == ids[0]));
}

BOOST_AUTO_TEST_CASE(an_id_names_its_shard_also_when_the_counter_has_wrapped) {
    for (const unsigned shards : {1U, 2U, 3U, 5U, 64U})
        for (unsigned shard = 0; shard < shards; ++shard) {
            base::sid_source source(shard, shards);
            for (int i = 0; i < 5'000; ++i)
                BOOST_REQUIRE(base::shard_of(source.next(), shards).value() == shard);
        }
}

BOOST_AUTO_TEST_CASE(text_that_no_shard_makes_names_none) {
    BOOST_TEST(!base::shard_of("", 3));
    BOOST_TEST(!base::shard_of("short", 3));
    BOOST_TEST(!base::shard_of("twenty characters, !", 3));
    BOOST_TEST(!base::shard_of("AAAAAAAAAAAAAAAAAAAD", 3)); // the fourth of three
    BOOST_TEST(base::shard_of("AAAAAAAAAAAAAAAAAAAC", 3).value() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
