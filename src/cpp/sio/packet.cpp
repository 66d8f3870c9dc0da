#include "sio/packet.hpp"

#include <algorithm>
#include <array>

namespace sio {

namespace {

constexpr std::array<std::string_view, 6> reserved_events{
    "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

// Reads digits off the front; nothing when there is none or the value passes `limit`.
std::optional<std::uint64_t> take_number(std::string_view& text, std::uint64_t limit) noexcept {
    std::uint64_t value = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && is_digit(text[digits]); ++digits) {
        value = value * 10 + static_cast<std::uint64_t>(text[digits] - '0');
        if (value > limit)
            return std::nullopt;
    }
    text.remove_prefix(digits);
    return digits == 0 ? std::nullopt : std::optional(value);
}

} // namespace

bool is_reserved_event(std::string_view name) noexcept {
    return std::ranges::find(reserved_events, name) != reserved_events.end();
}

std::optional<packet_view>
decode_packet(std::string_view text, std::size_t max_attachments) noexcept {
    if (text.empty() || text[0] < '0' || text[0] > '6')
        return std::nullopt;
    packet_view packet{.type = static_cast<packet_type>(text[0] - '0')};
    text.remove_prefix(1);
    if (packet.type == packet_type::binary_event || packet.type == packet_type::binary_ack) {
        const auto count = take_number(text, max_attachments);
        if (!count || !text.starts_with('-'))
            return std::nullopt;
        packet.attachments = static_cast<std::size_t>(*count);
        text.remove_prefix(1);
    }
    if (text.starts_with('/')) {
        const auto comma = std::min(text.find(','), text.size());
        packet.nsp = text.substr(0, comma);
        packet.nsp = packet.nsp.substr(0, packet.nsp.find('?'));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    if (!text.empty() && is_digit(text[0])) {
        packet.id = take_number(text, max_ack_id);
        if (!packet.id)
            return std::nullopt;
    }
    packet.data = text;
    return packet;
}

base::bytes encode_packet(
    packet_type type,
    std::string_view nsp,
    std::optional<std::uint64_t> id,
    std::string_view data,
    std::size_t attachments) {
    std::string header;
    if (attachments == 0) {
        header += static_cast<char>('0' + static_cast<int>(type));
    } else {
        header += type == packet_type::ack ? '6' : '5';
        header += std::to_string(attachments);
        header += '-';
    }
    if (nsp != "/") {
        header += nsp;
        header += ',';
    }
    if (id)
        header += std::to_string(*id);
    return base::bytes(header, data);
}

} // namespace sio
