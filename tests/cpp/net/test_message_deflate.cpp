#include "net/frames.hpp"
#include "net/message_deflate.hpp"
#include "net/websocket_connection.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

namespace data = boost::unit_test::data;
using outcome = net::message_deflate::outcome;

namespace {

constexpr std::size_t most = 1'000'000;
constexpr std::uint8_t compressed = 0x40;

eio::http_request offering(std::vector<std::string> offers) {
    eio::http_request request;
    for (auto& each : offers)
        request.headers.push_back({"sec-websocket-extensions", std::move(each)});
    return request;
}

eio::packet text(std::string_view data) {
    return {eio::packet_type::message, false, base::bytes(data)};
}

std::string sample_json(std::size_t size) {
    std::string json = "[\"tick\",[";
    for (int i = 0; json.size() < size; ++i)
        json +=
            R"({"id":)" + std::to_string(i) + R"(,"price":)" + std::to_string(i * 37 % 1000) + "},";
    return json + "0]]";
}

std::string random_bytes(std::size_t size) {
    std::mt19937 random(7);
    std::string bytes(size, '\0');
    for (auto& each : bytes)
        each = static_cast<char>(random());
    return bytes;
}

std::string inflated(net::message_deflate& codec, std::string_view payload) {
    std::string out;
    BOOST_TEST((codec.inflate(payload, most, out) == outcome::whole));
    return out;
}

// Of a client's stream, fed in pieces of at most so many bytes.
std::vector<std::string>
decode(const std::string& stream, std::size_t piece = SIZE_MAX, std::size_t max_message = most) {
    net::message_deflate codec({});
    net::websocket_decoder decoder(max_message);
    fake::recorder heard;
    for (std::size_t at = 0; at < stream.size();) {
        auto bytes = stream.substr(at, piece);
        at += bytes.size();
        const auto fed = decoder.feed(bytes, heard, &codec);
        if (fed.violation) {
            heard.lines.push_back(std::to_string(static_cast<int>(*fed.violation)));
            break;
        }
    }
    return heard.lines;
}

// RFC 7692, 7.2.3: "Hello", compressed in several ways.
const std::string hello("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
const std::string hello_stored("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11);
const std::string hello_last_block("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8);
const std::string hello_two_blocks("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13);

} // namespace

BOOST_AUTO_TEST_SUITE(message_deflate)

BOOST_DATA_TEST_CASE(
    an_offer_that_can_be_met_is_agreed_to,
    data::make({
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=10",
        "Permessage-Deflate;client_max_window_bits=\"15\" ; server_no_context_takeover",
        "x-webkit-deflate-frame, permessage-deflate; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits=10, permessage-deflate",
    })) {
    BOOST_TEST(
        net::agreed_deflate(offering({sample})).value_or("") ==
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
}

BOOST_DATA_TEST_CASE(
    another_one_is_declined,
    data::make({
        "",
        "permessage-bzip2",
        "permessage-deflate; server_max_window_bits=10",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=08",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=12",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; constructor",
        "permessage-deflate; ; ",
        "permessage-deflate =",
        ",;,;,=;=,\"",
    })) {
    BOOST_TEST(!net::agreed_deflate(offering({sample})).has_value());
}

BOOST_AUTO_TEST_CASE(offers_may_come_in_several_lines) {
    BOOST_TEST(net::agreed_deflate(offering({"foo", "permessage-deflate"})).has_value());
    BOOST_TEST(!net::agreed_deflate(offering({})).has_value());
}

BOOST_AUTO_TEST_CASE(what_was_deflated_inflates_to_the_same) {
    net::message_deflate codec({});
    for (const std::size_t size : {1024U, 5'000U, 70'000U, 900'000U}) {
        const auto packet = text(sample_json(size));
        const auto* payload = codec.deflated(packet);
        BOOST_REQUIRE(payload);
        BOOST_TEST(payload->size() < packet.data.size() / 3);
        BOOST_TEST(inflated(codec, payload->view()) == "4" + std::string(packet.data.view()));

        const eio::packet binary{eio::packet_type::message, true, base::bytes(sample_json(size))};
        payload = codec.deflated(binary);
        BOOST_REQUIRE(payload);
        BOOST_TEST(inflated(codec, payload->view()) == binary.data.view());
    }
}

BOOST_AUTO_TEST_CASE(it_is_made_once_for_all_who_share_the_data) {
    net::message_deflate codec({});
    const auto first = text(sample_json(5'000));
    const auto second = first; // NOLINT: the copy is the point
    BOOST_TEST(codec.deflated(first) == codec.deflated(second));
}

BOOST_AUTO_TEST_CASE(small_packets_and_those_of_the_heartbeat_stay_as_they_are) {
    net::message_deflate codec({.threshold_bytes = 100});
    BOOST_TEST(!codec.deflated(text(std::string(99, 'x'))));
    BOOST_TEST(codec.deflated(text(std::string(100, 'x'))));
    BOOST_TEST(
        !codec.deflated({eio::packet_type::ping, false, base::bytes(std::string(100, 'x'))}));
    BOOST_TEST(!codec.deflated({eio::packet_type::noop, false, {}}));
}

BOOST_AUTO_TEST_CASE(what_does_not_become_smaller_stays_as_it_is) {
    net::message_deflate codec({});
    const eio::packet noise{eio::packet_type::message, true, base::bytes(random_bytes(100'000))};
    BOOST_TEST(!codec.deflated(noise));
    BOOST_TEST(!codec.deflated(noise));
}

BOOST_AUTO_TEST_CASE(no_message_depends_on_one_before_it) {
    net::message_deflate codec({});
    const auto once = std::string(codec.deflated(text(sample_json(2'000)))->view());
    const auto again = std::string(codec.deflated(text(sample_json(2'000)))->view());
    BOOST_TEST(once == again);
    net::message_deflate other({});
    BOOST_TEST(inflated(other, again) == "4" + sample_json(2'000));
}

BOOST_DATA_TEST_CASE(
    the_examples_of_the_standard_are_read,
    data::make(std::vector<std::string>{hello, hello_stored, hello_last_block, hello_two_blocks})) {
    net::message_deflate codec({});
    BOOST_TEST(inflated(codec, sample) == "Hello");
    BOOST_TEST(inflated(codec, sample) == "Hello");
}

BOOST_AUTO_TEST_CASE(a_message_without_a_byte_goes_as_it_is_whatever_the_threshold) {
    net::message_deflate codec({.threshold_bytes = 0});
    for (const bool binary : {false, true}) {
        BOOST_TEST(!codec.deflated({eio::packet_type::message, binary, {}}));
        BOOST_TEST(!codec.deflated({eio::packet_type::message, binary, base::bytes("")}));
    }
}

BOOST_AUTO_TEST_CASE(a_bomb_is_stopped_at_the_longest_message) {
    net::message_deflate codec({});
    std::string bomb; // 20 MB in 20 KB
    const auto bomb_packet = text(std::string(20'000'000, 'x'));
    const auto* payload = codec.deflated(bomb_packet);
    BOOST_REQUIRE(payload);
    BOOST_TEST(payload->size() < 30'000U);
    BOOST_TEST((codec.inflate(payload->view(), most, bomb) == outcome::too_big));
    BOOST_TEST(bomb.size() == most + 1);

    std::string exact;
    const auto fits = text(std::string(9'999, 'y'));
    BOOST_TEST((codec.inflate(codec.deflated(fits)->view(), 10'000, exact) == outcome::whole));
    exact.clear();
    BOOST_TEST((codec.inflate(codec.deflated(fits)->view(), 9'999, exact) == outcome::too_big));
}

// Each ends a stream: that may cost what it takes to read it, not what a message may become.
BOOST_AUTO_TEST_CASE(a_million_empty_blocks_are_read_before_the_test_is_given_up) {
    net::message_deflate codec({});
    std::string blocks;
    for (int i = 0; i < 1'000'000; ++i)
        blocks += std::string_view("\x03\x00", 2);
    std::string out;
    BOOST_TEST((codec.inflate(blocks, std::size_t{64} << 20, out) == outcome::whole));
    BOOST_TEST(out == "");
}

BOOST_AUTO_TEST_CASE(garbage_is_told_and_harms_no_later_message) {
    net::message_deflate codec({});
    std::string out;
    BOOST_TEST((codec.inflate("\xff\xff\xff", most, out) == outcome::broken));
    BOOST_TEST((codec.inflate(random_bytes(1'000), most, out) == outcome::broken));
    BOOST_TEST(inflated(codec, hello) == "Hello");
    BOOST_TEST(inflated(codec, "") == "");
}

BOOST_AUTO_TEST_CASE(compressed_messages_are_decoded_however_they_are_cut) {
    using namespace fake;
    const auto stream = frame(fin | compressed | text_frame, hello) +
                        frame(compressed | text_frame, hello.substr(0, 3)) +
                        frame(fin | ping_frame, "p") + frame(fin, hello.substr(3)) +
                        frame(fin | text_frame, "plain") +
                        frame(fin | compressed | binary_frame, hello);
    const std::vector<std::string> heard{
        "text Hello", "ping p", "text Hello", "text plain", "binary Hello"};
    for (const std::size_t piece : {1U, 2U, 7U, 1000U})
        BOOST_TEST(decode(stream, piece) == heard, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(wrong_compressed_frames_close_with_the_right_code) {
    using namespace fake;
    const auto first_of = [](const std::string& stream, std::size_t longest = most) {
        const auto lines = decode(stream, SIZE_MAX, longest);
        return lines.empty() ? std::string("nothing") : lines.back();
    };
    BOOST_TEST(first_of(frame(fin | compressed | ping_frame, "p")) == "1002");
    BOOST_TEST(first_of(frame(text_frame, "a") + frame(fin | compressed, hello)) == "1002");
    BOOST_TEST(first_of(frame(fin | 0x20 | text_frame, hello)) == "1002");
    BOOST_TEST(first_of(frame(fin | compressed | text_frame, "\xff\xff\xff")) == "1002");
    BOOST_TEST(first_of(frame(fin | compressed | text_frame, hello), 4) == "1009");
    const std::string not_utf8("\x00\x01\x00\xfe\xff\xff\x00", 7); // a stored block of one byte
    BOOST_TEST(first_of(frame(fin | compressed | text_frame, not_utf8)) == "1007");
    BOOST_TEST(
        fake::decode(frame(fin | compressed | text_frame, hello)).back() == "1002"); // unasked
}

BOOST_AUTO_TEST_SUITE_END()
