// The seven Engine.IO packets and their text, binary and base64 forms.
// Engine.IO v4, "Packet encoding".
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eio {

enum class packet_type : std::uint8_t {
    open = 0,
    close = 1,
    ping = 2,
    pong = 3,
    message = 4,
    upgrade = 5,
    noop = 6,
};

// To a peer. A binary packet is always a message.
struct packet {
    packet_type type = packet_type::message;
    bool binary = false;
    base::bytes data;
    bool compress = true; // where that is switched on
};

// From a peer: a view into the door's buffer, dead when the call returns.
struct packet_view {
    packet_type type = packet_type::message;
    std::string_view data;
};

[[nodiscard]] constexpr char type_character(packet_type type) noexcept {
    return static_cast<char>('0' + static_cast<int>(type));
}

// A text frame: its type character and the rest. Nothing when it is empty or of no known type.
[[nodiscard]] std::optional<packet_view> decode_packet(std::string_view text) noexcept;

} // namespace eio
