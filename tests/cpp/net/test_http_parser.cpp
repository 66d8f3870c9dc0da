#include "net/http_parser.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace {

constexpr std::size_t max_body = 100;

struct parsed {
    net::http_parser parser;
    std::string left;
};

// Pieces of at most `piece` bytes, what is not taken given again, as a connection does.
parsed parse(std::string_view stream, std::size_t piece = SIZE_MAX) {
    static const net::limits bounds;
    parsed result{{bounds, max_body}, {}};
    using phase = net::http_parser::phase;
    while (!stream.empty()) {
        const auto taken = std::min(piece, stream.size());
        result.left += stream.substr(0, taken);
        stream.remove_prefix(taken);
        if (result.parser.at() != phase::done && result.parser.at() != phase::failed)
            result.left.erase(0, result.parser.feed(result.left));
    }
    return result;
}

int outcome(std::string_view stream, std::size_t piece = SIZE_MAX) {
    auto result = parse(stream, piece);
    switch (result.parser.at()) {
    case net::http_parser::phase::done:
        return result.parser.request().body_too_large ? 413 : 200;
    case net::http_parser::phase::failed:
        return result.parser.status();
    default:
        return 0; // wants more
    }
}

struct sample {
    const char* name;
    std::string stream;
    int outcome;
};
std::ostream& operator<<(std::ostream& out, const sample& each) {
    return out << each.name;
}

const std::string get = "GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: a\r\n";
const std::string post = "POST /socket.io/ HTTP/1.1\r\nHost: a\r\n";

std::string many_fields(int count) {
    std::string out;
    for (int i = 0; i < count; ++i)
        out += "X-Field: 1\r\n";
    return out;
}

const sample samples[] = {
    {"a GET", get + "\r\n", 200},
    {"a GET of HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 200},
    {"empty lines in front", "\r\n\r\n" + get + "\r\n", 200},
    {"a POST", post + "Content-Length: 5\r\n\r\nhello", 200},
    {"the same length twice", post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", 200},
    {"chunks", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200},
    {"an unfinished head", get, 0},
    {"an unfinished body", post + "Content-Length: 5\r\n\r\nhell", 0},
    {"an unfinished chunk", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nab", 0},
    {"a body of the limit", post + "Content-Length: 100\r\n\r\n" + std::string(100, 'b'), 200},
    {"a body above the limit", post + "Content-Length: 101\r\n\r\n", 413},
    {"a body far above the limit", post + "Content-Length: 18446744073709551615\r\n\r\n", 413},
    {"chunks of the limit",
     post + "Transfer-Encoding: chunked\r\n\r\n64\r\n" + std::string(100, 'b') + "\r\n0\r\n\r\n",
     200},
    {"chunks above the limit",
     post + "Transfer-Encoding: chunked\r\n\r\n63\r\n" + std::string(99, 'b') + "\r\n2\r\n",
     413},
    {"no Host in HTTP/1.1", "GET / HTTP/1.1\r\n\r\n", 400},
    {"two Hosts", get + "Host: b\r\n\r\n", 400},
    {"two lengths", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc", 400},
    {"a list of two lengths", post + "Content-Length: 2, 3\r\n\r\nabc", 400},
    {"a negative length", post + "Content-Length: -1\r\n\r\n", 400},
    {"a length that is none", post + "Content-Length: 0x5\r\n\r\n", 400},
    {"a length beyond 64 bits", post + "Content-Length: 99999999999999999999\r\n\r\n", 400},
    {"length, then chunks",
     post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400},
    {"chunks, then length",
     post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
     400},
    {"an encoding but chunked", post + "Transfer-Encoding: gzip\r\n\r\nGET ", 400},
    {"chunked, but not last", post + "Transfer-Encoding: chunked, gzip\r\n\r\n", 400},
    {"chunked twice",
     post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
    {"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"a chunk extension",
     post + "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n",
     400},
    {"a chunk size without an end",
     post + "Transfer-Encoding: chunked\r\n\r\n" + std::string(100, '0'),
     400},
    {"a chunk size with many zeros in front",
     post + "Transfer-Encoding: chunked\r\n\r\n" + std::string(100, '0') + "\r\n\r\n",
     400},
    {"a chunk size that is none", post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
    {"a chunk longer than its size",
     post + "Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n",
     400},
    {"a trailer", post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", 400},
    {"a space before the colon", get + "X : y\r\n\r\n", 400},
    {"a bare line feed", "GET / HTTP/1.1\nHost: a\n\n", 400},
    {"a control character in a value", get + "X: a\x01z\r\n\r\n", 400},
    {"a NUL in a value", get + std::string("X: a\0z\r\n\r\n", 10), 400},
    {"no method", " / HTTP/1.1\r\n\r\n", 400},
    {"no target", "GET  HTTP/1.1\r\n\r\n", 400},
    {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400},
    {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
    {"a TLS hello", std::string("\x16\x03\x01\x02\x00\x01", 6), 400},
    {"empty lines without an end", std::string(200, '\n'), 400},
    {"another expectation", post + "Expect: a-miracle\r\n\r\n", 417},
    {"100 fields", get + many_fields(99) + "\r\n", 200},
    {"101 fields", get + many_fields(100) + "\r\n", 431},
    {"a head above 16 KiB", get + "X: " + std::string(17'000, 'x') + "\r\n\r\n", 431},
    {"a head above 16 KiB that does not end", get + "X: " + std::string(17'000, 'x'), 431},
    {"a target above 8 KiB",
     "GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n",
     414},
    {"a target that does not end", "GET /" + std::string(17'000, 'x'), 414},
};

} // namespace

BOOST_AUTO_TEST_SUITE(http_parser)

BOOST_DATA_TEST_CASE(a_request_ends_alike_however_it_is_split, samples, sample) {
    BOOST_TEST(outcome(sample.stream) == sample.outcome);
    BOOST_TEST(outcome(sample.stream, 1) == sample.outcome);
    BOOST_TEST(outcome(sample.stream, 7) == sample.outcome);
}

BOOST_AUTO_TEST_CASE(a_request_is_kept_as_it_came) {
    auto result = parse(
        "POST /a%20b/?EIO=4&x=%41 HTTP/1.1\r\nHost: a\r\nx-UPPER:  v \r\nContent-Length: "
        "3\r\n\r\nabcGET",
        1);
    auto& request = result.parser.request();
    BOOST_TEST(request.method == "POST");
    BOOST_TEST(request.path == "/a%20b/");
    BOOST_TEST(request.query == "EIO=4&x=%41");
    BOOST_TEST(request.http_version == "1.1");
    BOOST_TEST(request.headers.at(1).name == "x-UPPER");
    BOOST_TEST(request.headers.at(1).value == "v");
    BOOST_TEST(request.body == "abc");
    BOOST_TEST(result.left == "GET"); // of the next request
}

BOOST_AUTO_TEST_CASE(chunks_are_joined) {
    auto result =
        parse(post + "Transfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 1);
    BOOST_TEST(result.parser.request().body == "abcde");
    BOOST_TEST(result.left.empty());
}

BOOST_AUTO_TEST_CASE(the_absolute_form_of_a_target_is_understood) {
    auto result = parse("GET http://example.org/socket.io/?EIO=4 HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(result.parser.request().path == "/socket.io/");
    BOOST_TEST(result.parser.request().query == "EIO=4");
}

BOOST_AUTO_TEST_CASE(a_connection_stays_open_as_its_version_and_header_say) {
    BOOST_TEST(parse(get + "\r\n").parser.keep_alive());
    BOOST_TEST(!parse(get + "Connection: close\r\n\r\n").parser.keep_alive());
    BOOST_TEST(!parse("GET / HTTP/1.0\r\n\r\n").parser.keep_alive());
    BOOST_TEST(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").parser.keep_alive());
    BOOST_TEST(!parse(post + "Content-Length: 101\r\n\r\n").parser.keep_alive());
}

BOOST_AUTO_TEST_CASE(an_expected_100_is_owed_until_the_body_comes) {
    const auto head = post + "Content-Length: 2\r\nExpect: 100-Continue\r\n\r\n";
    BOOST_TEST(parse(head).parser.expects_continue());
    BOOST_TEST(!parse(head + "a").parser.expects_continue());
    BOOST_TEST(!parse(post + "Content-Length: 2\r\n\r\n").parser.expects_continue());
}

BOOST_AUTO_TEST_SUITE_END()
