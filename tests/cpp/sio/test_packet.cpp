#include "sio/packet.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <vector>

using sio::packet_type;

namespace {

struct good_packet {
    const char* text;
    packet_type type;
    const char* nsp;
    std::optional<std::uint64_t> id;
    std::size_t attachments;
    const char* data;
    friend std::ostream& operator<<(std::ostream& out, const good_packet& each) {
        return out << each.text;
    }
};

const std::vector<good_packet> good_packets{
    {"0", packet_type::connect, "/", {}, 0, ""},
    {"0/admin,{\"a\":1}", packet_type::connect, "/admin", {}, 0, "{\"a\":1}"},
    {"0/admin", packet_type::connect, "/admin", {}, 0, ""},
    {"0/admin?token=1,{}", packet_type::connect, "/admin", {}, 0, "{}"},
    {"1/admin,", packet_type::disconnect, "/admin", {}, 0, ""},
    {"2[\"a\"]", packet_type::event, "/", {}, 0, "[\"a\"]"},
    {"212[\"a\"]", packet_type::event, "/", 12, 0, "[\"a\"]"},
    {"2/chat,0[\"a\"]", packet_type::event, "/chat", 0, 0, "[\"a\"]"},
    {"3/chat,7[]", packet_type::ack, "/chat", 7, 0, "[]"},
    {"51-[\"a\",{}]", packet_type::binary_event, "/", {}, 1, "[\"a\",{}]"},
    {"610-/chat,7[1]", packet_type::binary_ack, "/chat", 7, 10, "[1]"},
    {"50-[\"a\"]", packet_type::binary_event, "/", {}, 0, "[\"a\"]"},
    {"29007199254740991[\"a\"]", packet_type::event, "/", sio::max_ack_id, 0, "[\"a\"]"},
};

const std::vector<std::string> bad_packets{
    "",
    "x",
    "7",
    "-1",
    " 2[]",
    "5[\"a\"]",
    "5-[\"a\"]",
    "51[\"a\"]",
    "51",
    "5x-[\"a\"]",
    "511-[\"a\"]",
    "599999999999999999999999-[\"a\"]",
    "6/chat,1-[]",
    "29007199254740992[\"a\"]",
    "2999999999999999999999[\"a\"]",
};

} // namespace

BOOST_AUTO_TEST_SUITE(packet)

BOOST_DATA_TEST_CASE(a_header_is_read, good_packets, each) {
    const auto packet = sio::decode_packet(each.text, 10);
    BOOST_REQUIRE(packet);
    BOOST_TEST((packet->type == each.type));
    BOOST_TEST(packet->nsp == each.nsp);
    BOOST_TEST((packet->id == each.id));
    BOOST_TEST(packet->attachments == each.attachments);
    BOOST_TEST(packet->data == each.data);
}

BOOST_DATA_TEST_CASE(a_malformed_header_is_refused, bad_packets, text) {
    BOOST_TEST(!sio::decode_packet(text, 10));
}

BOOST_AUTO_TEST_CASE(packets_are_written_as_the_protocol_has_them) {
    const auto encoded = [](auto... arguments) {
        return std::string(sio::encode_packet(arguments...).view());
    };
    BOOST_TEST(encoded(packet_type::event, "/", std::nullopt, "[\"a\"]") == "2[\"a\"]");
    BOOST_TEST(encoded(packet_type::event, "/chat", 7, "[\"a\"]") == "2/chat,7[\"a\"]");
    BOOST_TEST(encoded(packet_type::event, "/", 1, "[\"a\"]", 2) == "52-1[\"a\"]");
    BOOST_TEST(encoded(packet_type::ack, "/chat", 7, "[]", 1) == "61-/chat,7[]");
    BOOST_TEST(encoded(packet_type::disconnect, "/chat", std::nullopt, "") == "1/chat,");
}

BOOST_AUTO_TEST_SUITE_END()
