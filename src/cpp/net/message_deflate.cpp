#include "net/message_deflate.hpp"

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

#include <algorithm>
#include <stdexcept>

namespace net {

namespace {

namespace zlib = boost::beast::zlib;

constexpr int window_bits = 15;
constexpr int memory_level = 8;
// The end of what a flush writes. A sender leaves it out, a receiver puts it back (7.2.1, 7.2.2).
constexpr std::string_view flush_marker("\x00\x00\xff\xff", 4);
constexpr std::size_t kept_scratch_bytes = 64 * 1024;
constexpr std::size_t least_room = 1024; // for what is inflated

// Cuts off what stands before the next separator. No value here may hold one, quoted or not.
std::string_view take_until(char separator, std::string_view& rest) noexcept {
    const auto end = std::min(rest.find(separator), rest.size());
    const auto part = eio::trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

bool is_window(std::string_view value) noexcept {
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
    constexpr std::string_view windows[] = {"8", "9", "10", "11", "12", "13", "14", "15"};
    return std::ranges::find(windows, value) != std::end(windows);
}

// One "permessage-deflate; …" of a client. A smaller window than the usual one for what we send is
// declined: the same compressed bytes go to all.
bool can_be_met(std::string_view offer) noexcept {
    if (!eio::equal_ignoring_case(take_until(';', offer), "permessage-deflate"))
        return false;
    enum : unsigned { server_context = 1, client_context = 2, client_window = 4 };
    unsigned seen = 0;
    while (!offer.empty()) {
        auto value = take_until(';', offer);
        const bool has_value = value.find('=') != value.npos;
        const auto name = take_until('=', value);
        unsigned which = 0;
        if (eio::equal_ignoring_case(name, "server_no_context_takeover") && !has_value)
            which = server_context;
        else if (eio::equal_ignoring_case(name, "client_no_context_takeover") && !has_value)
            which = client_context;
        else if (
            eio::equal_ignoring_case(name, "client_max_window_bits") &&
            (!has_value || is_window(eio::trimmed(value))))
            which = client_window;
        if (which == 0 || (seen & which) != 0)
            return false; // unknown, of a wrong value, or given twice (5.1)
        seen |= which;
    }
    return true;
}

} // namespace

std::optional<std::string_view> agreed_deflate(const eio::http_request& handshake) {
    for (const auto& header : handshake.headers) {
        if (!eio::equal_ignoring_case(header.name, "Sec-WebSocket-Extensions"))
            continue;
        std::string_view offers = header.value;
        while (!offers.empty())
            if (can_be_met(take_until(',', offers)))
                return "permessage-deflate; server_no_context_takeover; "
                       "client_no_context_takeover";
    }
    return std::nullopt;
}

struct message_deflate::streams {
    zlib::deflate_stream deflate;
    zlib::inflate_stream inflate;
};

message_deflate::message_deflate(const deflate_options& options)
    : options_(options), streams_(std::make_unique<streams>()) {}

message_deflate::~message_deflate() = default;

const base::bytes* message_deflate::deflated(const eio::packet& packet) {
    if (packet.type != eio::packet_type::message || !packet.compress || packet.data.empty() ||
        packet.data.size() < options_.threshold_bytes)
        return nullptr;
    if (!packet.data.has_derived()) {
        const char type = eio::type_character(packet.type);
        packet.data.keep_derived(deflate(
            packet.binary ? std::string_view() : std::string_view(&type, 1), packet.data.view()));
    }
    const auto& made = packet.data.derived();
    return made.empty() ? nullptr : &made; // empty: it would not have become smaller
}

base::bytes message_deflate::deflate(std::string_view type, std::string_view data) {
    auto& stream = streams_->deflate;
    stream.reset(options_.level, window_bits, memory_level, zlib::Strategy::normal);
    const auto whole = type.size() + data.size();
    scratch_.resize(stream.upper_bound(whole) + 16); // and what a flush adds
    zlib::z_params params;
    params.next_out = scratch_.data();
    params.avail_out = scratch_.size();
    const auto write = [&](std::string_view bytes, zlib::Flush flush) {
        params.next_in = bytes.data();
        params.avail_in = bytes.size();
        boost::system::error_code error;
        stream.write(params, flush, error);
        if ((error && error != zlib::error::need_buffers) || params.avail_in != 0)
            throw std::runtime_error("permessage-deflate: " + error.message());
    };
    if (!type.empty())
        write(type, zlib::Flush::none);
    write(data, zlib::Flush::sync);
    const auto size = params.total_out - flush_marker.size();
    base::bytes made;
    if (size < whole)
        made = base::bytes({scratch_.data(), size});
    if (scratch_.size() > kept_scratch_bytes)
        scratch_ = {};
    return made;
}

message_deflate::outcome
message_deflate::inflate(std::string_view payload, std::size_t most, std::string& out) {
    auto& stream = streams_->inflate;
    stream.reset(window_bits);
    const auto start = out.size();
    std::size_t made = 0;
    const auto finish = [&](outcome how) {
        out.resize(start + made);
        return how;
    };
    zlib::z_params params;
    for (auto rest : {payload, flush_marker}) {
        bool output_waits = false; // for room: all input may be taken by then
        while (!rest.empty() || output_waits) {
            // It grows with what is really there, so that a small bomb does not get its large
            // buffer at once; and stays grown, so that it is cleared once, not for each of a
            // thousand empty blocks. One byte too many fits: with it a message is too big.
            if (out.size() == start + made)
                out.resize(
                    start + std::min(std::max({4 * rest.size(), 2 * made, least_room}), most + 1));
            params.next_in = rest.data();
            params.avail_in = rest.size();
            params.next_out = out.data() + start + made;
            params.avail_out = out.size() - start - made;
            const auto room = params.avail_out;
            boost::system::error_code error;
            stream.write(params, zlib::Flush::sync, error);
            const auto taken = rest.size() - params.avail_in;
            const auto added = room - params.avail_out;
            made += added;
            rest.remove_prefix(taken);
            output_waits = params.avail_out == 0;
            if (made > most)
                return finish(outcome::too_big);
            if (error == zlib::error::end_of_stream) {
                stream.reset(window_bits); // a last block: another stream may follow (7.2.3.4)
                output_waits = false;
            } else if (error && error != zlib::error::need_buffers) {
                return finish(outcome::broken);
            } else if (taken == 0 && added == 0 && !rest.empty()) {
                return finish(outcome::broken); // room would not bring it on
            }
        }
    }
    return finish(outcome::whole);
}

} // namespace net
