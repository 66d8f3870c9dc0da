#include "net/content_encoding.hpp"

#include <boost/beast/zlib/deflate_stream.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <utility>

namespace net {

namespace {

namespace beast_zlib = boost::beast::zlib;

// Raw deflate (RFC 1951), appended to `out`.
void append_deflated(std::string& out, std::string_view data) {
    beast_zlib::deflate_stream stream; // level 6, the default
    const auto start = out.size();
    out.resize(start + stream.upper_bound(data.size()));
    beast_zlib::z_params params;
    params.next_in = data.data();
    params.avail_in = data.size();
    params.next_out = out.data() + start;
    params.avail_out = out.size() - start;
    boost::system::error_code error;
    stream.write(params, beast_zlib::Flush::finish, error);
    if (error && error != beast_zlib::error::end_of_stream)
        throw std::runtime_error("deflate: " + error.message());
    out.resize(start + params.total_out);
}

constexpr auto crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = value >> 1 ^ (value & 1 ? 0xEDB88320u : 0u);
        table[i] = value;
    }
    return table;
}();

std::uint32_t crc32(std::string_view data) noexcept {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char c : data)
        crc = crc >> 8 ^ crc_table[(crc ^ static_cast<std::uint8_t>(c)) & 0xFF];
    return ~crc;
}

std::uint32_t adler32(std::string_view data) noexcept {
    constexpr std::uint32_t modulus = 65521;
    constexpr std::size_t without_overflow = 5552; // bytes before the sums need to be reduced
    std::uint32_t a = 1;
    std::uint32_t b = 0;
    while (!data.empty()) {
        for (const char c : data.substr(0, without_overflow)) {
            a += static_cast<std::uint8_t>(c);
            b += a;
        }
        a %= modulus;
        b %= modulus;
        data.remove_prefix(std::min(data.size(), without_overflow));
    }
    return b << 16 | a;
}

} // namespace

std::string gzip(std::string_view data) {
    // Magic, method 8, no flags, no time, no hints, system unknown.
    std::string out("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    append_deflated(out, data);
    for (const auto value : {crc32(data), static_cast<std::uint32_t>(data.size())})
        for (int shift = 0; shift < 32; shift += 8)
            out += static_cast<char>(value >> shift);
    return out;
}

std::string zlib(std::string_view data) {
    std::string out("\x78\x9c", 2); // a window of 32 KiB, the default level
    append_deflated(out, data);
    const auto sum = adler32(data);
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(sum >> shift);
    return out;
}

void encode_content(eio::http_response& response) {
    const auto encoding = std::exchange(response.encoding, eio::content_encoding::identity);
    if (encoding == eio::content_encoding::identity)
        return;
    const bool is_gzip = encoding == eio::content_encoding::gzip;
    try {
        auto encoded = is_gzip ? gzip(response.body) : zlib(response.body);
        response.headers.push_back({"Content-Encoding", is_gzip ? "gzip" : "deflate"});
        response.body = std::move(encoded);
    } catch (const std::exception&) {
        // The compressor found no memory: the body goes as it is.
    }
}

} // namespace net
