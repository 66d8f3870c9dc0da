#include "eio/payload.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

using eio::packet_type;

BOOST_AUTO_TEST_SUITE(payload)

BOOST_AUTO_TEST_CASE(packets_are_joined_and_binaries_become_base64) {
    const std::array packets{
        eio::packet{packet_type::message, false, base::bytes("hello")},
        eio::packet{packet_type::message, true, base::bytes("\x01\x02\x03\x04")},
        eio::packet{packet_type::ping, false, {}},
    };
    BOOST_TEST(
        eio::encode_payload(packets) == "4hello\x1e"
                                        "bAQIDBA==\x1e"
                                        "2");
}

BOOST_AUTO_TEST_CASE(a_body_is_split_in_order) {
    const auto items = eio::decode_payload(
        "4hello\x1e"
        "bAQIDBA==\x1e"
        "3",
        10);
    BOOST_REQUIRE(items);
    BOOST_REQUIRE(items->size() == 3U);
    BOOST_TEST((*items)[0].data() == "4hello");
    BOOST_TEST((*items)[1].binary);
    BOOST_TEST((*items)[1].data() == "\x01\x02\x03\x04");
    BOOST_TEST((*items)[2].data() == "3");
}

BOOST_AUTO_TEST_CASE(a_body_that_is_not_a_payload_is_refused) {
    BOOST_TEST(!eio::decode_payload("4\xff", 10));
    BOOST_TEST(!eio::decode_payload("b!!!!", 10));
    BOOST_TEST(!eio::decode_payload(
        "4a\x1e"
        "4b\x1e"
        "4c",
        2));
    BOOST_TEST(!eio::decode_payload(std::string(100'000, '\x1e'), 1'000));
}

BOOST_AUTO_TEST_SUITE_END()
