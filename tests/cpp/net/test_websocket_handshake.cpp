#include "net/websocket_handshake.hpp"

#include <boost/test/unit_test.hpp>

namespace {

eio::http_request handshake() {
    eio::http_request request;
    request.method = "GET";
    request.headers = {
        {"Host", "a"},
        {"upgrade", "WebSocket"},
        {"connection", "keep-alive, Upgrade"},
        {"sec-websocket-version", "13"},
        {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}};
    return request;
}

} // namespace

BOOST_AUTO_TEST_SUITE(websocket_handshake)

BOOST_AUTO_TEST_CASE(the_example_of_the_standard_gets_its_answer) {
    const auto request = handshake(); // RFC 6455, 1.3
    BOOST_TEST(net::wants_websocket(request));
    BOOST_TEST(!net::check_handshake(request));
    BOOST_TEST(
        net::accept_handshake(request) ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_request_that_lacks_a_part_is_a_plain_one) {
    auto post = handshake();
    post.method = "POST";
    BOOST_TEST(!net::wants_websocket(post));
    auto old = handshake();
    old.http_version = "1.0";
    BOOST_TEST(!net::wants_websocket(old));
    auto h2c = handshake();
    h2c.headers[1].value = "h2c";
    BOOST_TEST(!net::wants_websocket(h2c));
    auto kept = handshake();
    kept.headers[2].value = "keep-alive";
    BOOST_TEST(!net::wants_websocket(kept));
}

BOOST_AUTO_TEST_CASE(another_version_is_told_which_one_is_spoken) {
    for (const char* version : {"", "8", "14", "13, 8"}) {
        auto request = handshake();
        request.headers[3].value = version;
        const auto refusal = net::check_handshake(request);
        BOOST_REQUIRE(refusal);
        BOOST_TEST(refusal->status == 426);
        BOOST_TEST(refusal->headers.back().name == "Sec-WebSocket-Version");
        BOOST_TEST(refusal->headers.back().value == "13");
    }
}

BOOST_AUTO_TEST_CASE(a_key_that_is_not_16_bytes_of_base64_is_refused) {
    for (const char* key :
         {"",
          "dGhlIHNhbXBsZSBub25jZQ",
          "dGhlIHNhbXBsZSBub25j",
          "dGhlIHNhbXBsZSBub25jZQ===",
          "********************************",
          "dGhlIHNhbXBsZSBub25jZQ!="}) {
        auto request = handshake();
        request.headers[4].value = key;
        const auto refusal = net::check_handshake(request);
        BOOST_REQUIRE(refusal);
        BOOST_TEST(refusal->status == 400);
    }
}

BOOST_AUTO_TEST_CASE(a_handshake_has_no_body) {
    auto request = handshake();
    request.body = "x";
    BOOST_TEST(net::check_handshake(request)->status == 400);
}

BOOST_AUTO_TEST_SUITE_END()
