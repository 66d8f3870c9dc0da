#include "base/bytes.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(bytes)

BOOST_AUTO_TEST_CASE(two_pieces_are_joined) {
    BOOST_TEST(base::bytes("42", "[\"a\"]").view() == "42[\"a\"]");
    BOOST_TEST(base::bytes("").empty());
    BOOST_TEST(base::bytes().empty());
}

BOOST_AUTO_TEST_CASE(a_copy_shares_the_payload_and_its_frame) {
    const base::bytes original("hello");
    const base::bytes copy = original; // NOLINT: the copy is the point
    BOOST_TEST(
        static_cast<const void*>(original.view().data()) ==
        static_cast<const void*>(copy.view().data()));
    const auto first = original.framed(
        "\x81\x06"
        "4");
    BOOST_TEST(
        first == "\x81\x06"
                 "4hello");
    const auto second = copy.framed(
        "\x81\x06"
        "4");
    BOOST_TEST(static_cast<const void*>(first.data()) == static_cast<const void*>(second.data()));
    BOOST_TEST(copy.view() == "hello");
}

BOOST_AUTO_TEST_CASE(a_derived_form_is_there_for_all_who_share_the_payload) {
    const base::bytes original("hello");
    const base::bytes copy = original; // NOLINT: the copy is the point
    BOOST_TEST(!copy.has_derived());
    original.keep_derived(base::bytes("olleh"));
    BOOST_TEST(copy.has_derived());
    BOOST_TEST(copy.derived().view() == "olleh");

    const base::bytes none("x");
    none.keep_derived({});
    BOOST_TEST(none.has_derived());
    BOOST_TEST(none.derived().empty());
    BOOST_TEST(!base::bytes().has_derived());
}

BOOST_AUTO_TEST_CASE(a_payload_outlives_the_value_it_came_from) {
    base::bytes kept;
    {
        const base::bytes made(std::string(100'000, 'x'));
        kept = made;
    }
    BOOST_TEST(kept.size() == 100'000U);
    auto moved = std::move(kept);
    BOOST_TEST(moved.view().front() == 'x');
}

BOOST_AUTO_TEST_SUITE_END()
