#include "net/content_encoding.hpp"

#include <boost/beast/zlib/inflate_stream.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <random>

namespace {

std::string inflated(std::string_view raw, std::size_t expected) {
    boost::beast::zlib::inflate_stream stream;
    std::string out(expected + 1, '\0');
    boost::beast::zlib::z_params params;
    params.next_in = raw.data();
    params.avail_in = raw.size();
    params.next_out = out.data();
    params.avail_out = out.size();
    boost::system::error_code error;
    stream.write(params, boost::beast::zlib::Flush::sync, error);
    BOOST_TEST((error == boost::beast::zlib::error::end_of_stream));
    out.resize(params.total_out);
    return out;
}

std::vector<std::string> samples() {
    std::mt19937 random(1);
    std::string noise;
    for (int i = 0; i < 200'000; ++i)
        noise += static_cast<char>(random());
    std::string packets;
    for (int i = 0; i < 5'000; ++i)
        packets += "42[\"message\",{\"n\":" + std::to_string(i) + "}]\x1e";
    return {"", "a", std::string(100'000, 'z'), noise, packets};
}

} // namespace

BOOST_AUTO_TEST_SUITE(content_encoding)

BOOST_AUTO_TEST_CASE(gzip_gives_back_what_went_in) {
    for (const auto& text : samples()) {
        const auto packed = net::gzip(text);
        BOOST_TEST(packed.starts_with("\x1f\x8b\x08"));
        BOOST_TEST(
            (inflated(std::string_view(packed).substr(10, packed.size() - 18), text.size()) ==
             text));
    }
}

BOOST_AUTO_TEST_CASE(zlib_gives_back_what_went_in) {
    for (const auto& text : samples()) {
        const auto packed = net::zlib(text);
        const auto head =
            static_cast<std::uint8_t>(packed[0]) * 256 + static_cast<std::uint8_t>(packed[1]);
        BOOST_TEST(head % 31 == 0); // RFC 1950, FCHECK
        BOOST_TEST(
            (inflated(std::string_view(packed).substr(2, packed.size() - 6), text.size()) == text));
    }
}

BOOST_AUTO_TEST_CASE(checksums_are_the_published_ones) {
    const auto gzipped = net::gzip("123456789");
    BOOST_TEST(gzipped.substr(gzipped.size() - 8) == std::string("\x26\x39\xf4\xcb\x09\0\0\0", 8));
    const auto zlibbed = net::zlib("123456789");
    BOOST_TEST(zlibbed.substr(zlibbed.size() - 4) == std::string("\x09\x1e\x01\xde", 4));
}

BOOST_AUTO_TEST_CASE(a_response_is_encoded_once_and_says_so) {
    eio::http_response response;
    response.body = std::string(2'000, 'a');
    response.encoding = eio::content_encoding::gzip;
    net::encode_content(response);
    const auto once = response.body;
    net::encode_content(response);
    BOOST_TEST(response.body == once);
    BOOST_TEST(once.size() < 100u);
    BOOST_TEST(response.headers.size() == 1u);
    BOOST_TEST(response.headers[0].name == "Content-Encoding");
    BOOST_TEST(response.headers[0].value == "gzip");
}

BOOST_AUTO_TEST_SUITE_END()
