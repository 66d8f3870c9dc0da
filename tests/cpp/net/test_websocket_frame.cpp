#include "net/frames.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace fake;
using strings = std::vector<std::string>;

namespace {

struct sample {
    const char* name;
    std::string stream;
    strings heard;
};
std::ostream& operator<<(std::ostream& out, const sample& each) {
    return out << each.name;
}

const std::string long_text(300, 'x');
const std::string longer_text(70'000, 'y');

const sample good[] = {
    {"an empty text", frame(fin | text_frame, ""), {"text "}},
    {"a text", frame(fin | text_frame, "hello"), {"text hello"}},
    {"a binary of all bytes",
     frame(fin | binary_frame, std::string("\0\xff\x80", 3)),
     {"binary " + std::string("\0\xff\x80", 3)}},
    {"a 16-bit length", frame(fin | binary_frame, long_text), {"binary " + long_text}},
    {"a 64-bit length", frame(fin | text_frame, longer_text), {"text " + longer_text}},
    {"three messages in a row",
     frame(fin | text_frame, "a") + frame(fin | binary_frame, "b") + frame(fin | text_frame, "c"),
     {"text a", "binary b", "text c"}},
    {"fragments",
     frame(text_frame, "one ") + frame(0, "two ") + frame(fin, "three"),
     {"text one two three"}},
    {"empty fragments", frame(binary_frame, "") + frame(0, "") + frame(fin, ""), {"binary "}},
    {"a character cut by a fragment",
     frame(text_frame, "\xe2\x82") + frame(fin, "\xac"),
     {"text \xe2\x82\xac"}},
    {"a ping between fragments",
     frame(text_frame, "a") + frame(fin | ping_frame, "p") + frame(fin, "b"),
     {"ping p", "text ab"}},
    {"a ping of 125 bytes",
     frame(fin | ping_frame, std::string(125, 'p')),
     {"ping " + std::string(125, 'p')}},
    {"an empty ping and an unasked pong",
     frame(fin | ping_frame, "") + frame(fin | pong_frame, "x"),
     {"ping ", "pong x"}},
    {"a close without a code", frame(fin | close_frame, ""), {"close none "}},
    {"a close with a reason", close_with(1000, "bye"), {"close 1000 bye"}},
    {"nothing counts behind a close",
     close_with(1001) + frame(fin | text_frame, "late"),
     {"close 1001 "}},
};

std::string unmasked_text() {
    return std::string("\x81\x01", 2) + "a";
}

const sample violations[] = {
    {"a frame without a mask", unmasked_text(), {"1002"}},
    {"RSV1", frame(fin | 0x40 | text_frame, "a"), {"1002"}},
    {"RSV2", frame(fin | 0x20 | text_frame, "a"), {"1002"}},
    {"RSV3 on a ping", frame(fin | 0x10 | ping_frame, ""), {"1002"}},
    {"opcode 3", frame(fin | 3, ""), {"1002"}},
    {"opcode 7", frame(fin | 7, ""), {"1002"}},
    {"opcode 11", frame(fin | 11, ""), {"1002"}},
    {"opcode 15", frame(fin | 15, ""), {"1002"}},
    {"a ping in fragments", frame(ping_frame, "a"), {"1002"}},
    {"a ping of 126 bytes", frame(fin | ping_frame, std::string(126, 'p')), {"1002"}},
    {"a close of 126 bytes", close_with(1000, std::string(124, 'r')), {"1002"}},
    {"a continuation of nothing", frame(fin, "a"), {"1002"}},
    {"a continuation after a whole message",
     frame(fin | text_frame, "a") + frame(fin, "b"),
     {"text a", "1002"}},
    {"a text inside a text", frame(text_frame, "a") + frame(fin | text_frame, "b"), {"1002"}},
    {"a 16-bit length below 126",
     "\x81\xFE" + big_endian(125, 2) + masked(std::string(125, 'a'), "abcd"),
     {"1002"}},
    {"a 64-bit length below 65536",
     "\x81\xFF" + big_endian(0xFFFF, 8) + masked(std::string(0xFFFF, 'a'), "abcd"),
     {"1002"}},
    {"a 64-bit length with its top bit set",
     "\x82\xFF" + big_endian(1ULL << 63, 8) + "abcd",
     {"1002"}},
    {"a close payload of one byte", frame(fin | close_frame, "\x03"), {"1002"}},
    {"a close reason that is not UTF-8", close_with(1000, "\xff"), {"1007"}},
    {"a text that is not UTF-8", frame(fin | text_frame, "a\xff"), {"1007"}},
    {"a text that ends inside a character", frame(fin | text_frame, "\xe2\x82"), {"1007"}},
    {"an overlong slash", frame(fin | text_frame, "\xc0\xaf"), {"1007"}},
    {"a surrogate", frame(fin | text_frame, "\xed\xa0\x80"), {"1007"}},
    {"a bad byte in a fragment, before the message ends", frame(text_frame, "ok\xf5"), {"1007"}},
};

} // namespace

BOOST_AUTO_TEST_SUITE(websocket_frame)

BOOST_DATA_TEST_CASE(a_stream_means_the_same_however_it_is_split, good, sample) {
    BOOST_TEST(decode(sample.stream) == sample.heard, boost::test_tools::per_element());
    for (const std::size_t piece : {1, 2, 3, 5, 7, 64, 1021})
        BOOST_TEST(decode(sample.stream, piece) == sample.heard, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(a_stream_may_be_cut_anywhere, good, sample) {
    for (std::size_t cut = 0; cut <= std::min<std::size_t>(sample.stream.size(), 200); ++cut) {
        net::websocket_decoder decoder(1'000'000);
        recorder heard;
        auto head = sample.stream.substr(0, cut);
        auto tail = sample.stream.substr(cut);
        BOOST_TEST(!decoder.feed(head, heard).violation);
        if (heard.lines.empty() || !heard.lines.back().starts_with("close"))
            BOOST_TEST(!decoder.feed(tail, heard).violation);
        BOOST_TEST(heard.lines == sample.heard, boost::test_tools::per_element());
    }
}

BOOST_DATA_TEST_CASE(a_violation_has_its_close_code, violations, sample) {
    BOOST_TEST(decode(sample.stream) == sample.heard, boost::test_tools::per_element());
    BOOST_TEST(decode(sample.stream, 1) == sample.heard, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_bad_first_byte_is_refused_before_the_mask_comes) {
    BOOST_TEST((decode("\xF1\x80") == strings{"1002"}));
}

BOOST_AUTO_TEST_CASE(only_codes_that_may_be_sent_are_taken) {
    for (const std::uint16_t code : {1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 4999})
        BOOST_TEST(
            (decode(close_with(code)) == strings{"close " + std::to_string(code) + " "}), code);
    for (const std::uint16_t code :
         {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
        BOOST_TEST((decode(close_with(code)) == strings{"1002"}), code);
}

BOOST_AUTO_TEST_CASE(a_message_may_be_as_long_as_the_limit_and_no_longer) {
    BOOST_TEST((decode(frame(fin | text_frame, "12345678"), 3, 8) == strings{"text 12345678"}));
    BOOST_TEST((decode(frame(fin | text_frame, "123456789"), SIZE_MAX, 8) == strings{"1009"}));
    BOOST_TEST(
        (decode(frame(text_frame, "12345") + frame(fin, "6789"), SIZE_MAX, 8) == strings{"1009"}));
    BOOST_TEST(
        (decode(frame(text_frame, "12345") + frame(fin, "678"), 1, 8) == strings{"text 12345678"}));
}

BOOST_AUTO_TEST_CASE(an_announced_length_is_refused_before_its_payload_comes) {
    BOOST_TEST((decode("\x82\xFF" + big_endian(1ULL << 62, 8) + "abcd") == strings{"1009"}));
}

BOOST_AUTO_TEST_CASE(sixty_five_thousand_fragments_make_one_message) {
    std::string stream = frame(text_frame, "a");
    for (int i = 0; i < 65'536; ++i)
        stream += frame(0, i % 2 ? "" : "b");
    stream += frame(fin, "c");
    const auto heard = decode(stream, 60'000);
    BOOST_TEST(heard.size() == 1u);
    BOOST_TEST(heard.at(0).size() == 5u + 1 + 32'768 + 1);
}

BOOST_AUTO_TEST_CASE(a_sink_that_stops_leaves_the_rest_to_be_fed_again) {
    auto stream = frame(fin | text_frame, "a") + frame(text_frame, "b") + frame(fin, "c") +
                  frame(fin | text_frame, "d");
    const auto first = frame(fin | text_frame, "a").size();
    net::websocket_decoder decoder(100);
    recorder heard;
    heard.stop_after = 1;
    const auto fed = decoder.feed(stream, heard);
    BOOST_TEST(fed.consumed == first);
    heard.stop_after = SIZE_MAX;
    BOOST_TEST(!decoder.feed(std::span(stream).subspan(first), heard).violation);
    BOOST_TEST((heard.lines == strings{"text a", "text bc", "text d"}));
}

BOOST_AUTO_TEST_CASE(a_sink_may_destroy_the_decoder) {
    struct destroyer final : net::websocket_sink {
        bool end() {
            decoder.reset();
            return false;
        }
        bool on_message(std::string_view data, bool) override {
            const bool gone = end();
            seen = data; // the view outlives the decoder
            return gone;
        }
        bool on_ping(std::string_view) override { return end(); }
        bool on_pong(std::string_view) override { return end(); }
        bool on_close(std::optional<std::uint16_t>, std::string_view) override { return end(); }
        std::unique_ptr<net::websocket_decoder> decoder =
            std::make_unique<net::websocket_decoder>(1'000u);
        std::string seen;
    };
    for (const auto& stream :
         {frame(fin | text_frame, "whole"),
          frame(text_frame, "wh") + frame(fin, "ole"),
          frame(fin | ping_frame, "whole"),
          close_with(1000)}) {
        for (const std::size_t piece : {std::size_t{1}, stream.size()}) {
            destroyer sink;
            for (std::size_t at = 0; at < stream.size() && sink.decoder; at += piece) {
                auto bytes = stream.substr(at, piece);
                (void)sink.decoder->feed(bytes, sink);
            }
            BOOST_TEST(!sink.decoder);
            if (static_cast<unsigned char>(stream[0]) != (fin | ping_frame) &&
                static_cast<unsigned char>(stream[0]) != (fin | close_frame))
                BOOST_TEST(sink.seen == "whole");
        }
    }
}

BOOST_AUTO_TEST_CASE(unmasking_starts_anywhere_in_the_mask) {
    const std::array<char, 4> mask{'\x01', '\x20', '\x7f', '\xff'};
    std::string plain;
    for (int i = 0; i < 100; ++i)
        plain += static_cast<char>(i * 7);
    for (std::size_t size = 0; size <= plain.size(); ++size)
        for (std::size_t offset = 0; offset < 4; ++offset) {
            auto bytes = plain.substr(0, size);
            for (std::size_t i = 0; i < size; ++i)
                bytes[i] = static_cast<char>(bytes[i] ^ mask[(i + offset) % 4]);
            net::unmask(bytes, mask, offset);
            BOOST_REQUIRE(bytes == plain.substr(0, size));
        }
}

BOOST_AUTO_TEST_CASE(a_header_uses_the_shortest_length) {
    const auto header = [](std::size_t size) {
        return std::string(net::websocket_header(net::opcode::binary, size).view());
    };
    BOOST_TEST(header(0) == std::string("\x82\x00", 2));
    BOOST_TEST(header(125) == std::string("\x82\x7d", 2));
    BOOST_TEST(header(126) == std::string("\x82\x7e\x00\x7e", 4));
    BOOST_TEST(header(0xFFFF) == std::string("\x82\x7e\xff\xff", 4));
    BOOST_TEST(header(0x10000) == std::string("\x82\x7f\0\0\0\0\0\x01\0\0", 10));
}

BOOST_AUTO_TEST_CASE(a_packet_header_counts_its_type_character) {
    BOOST_TEST(
        net::websocket_header('4', 5).view() == "\x81\x06"
                                                "4");
    BOOST_TEST(
        net::websocket_header('4', 125).view() == std::string(
                                                      "\x81\x7e\x00\x7e"
                                                      "4",
                                                      5));
    BOOST_TEST(net::websocket_header('4', 70'000).view().size() == 11u);
}

BOOST_AUTO_TEST_SUITE_END()
