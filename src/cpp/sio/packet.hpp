// Socket.IO packets, and the header of those in the protocol's own format read and written;
// arguments stay JSON text. Socket.IO v5, "Packet encoding".
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sio {

enum class packet_type : std::uint8_t {
    connect = 0,
    disconnect = 1,
    event = 2,
    ack = 3,
    connect_error = 4,
    binary_event = 5,
    binary_ack = 6,
};

// How packets are written: what the option `serializer` chooses.
enum class packet_format : std::uint8_t {
    json,    // a text frame, and a binary one for each attachment: the protocol's own
    msgpack, // one binary frame with the attachments in it, see msgpack_packet.hpp
    custom,  // frames that the application reads and writes; the engine does not look into them
};

// Views into the frame, dead when the call returns.
struct packet_view {
    packet_type type = packet_type::event;
    std::string_view nsp = "/"; // a legacy query string behind '?' is cut off
    std::optional<std::uint64_t> id{};
    std::size_t attachments = 0;
    std::string_view data{}; // not yet checked; empty when there is none
};

// What a JavaScript number holds exactly; an ack id beyond is malformed.
constexpr std::uint64_t max_ack_id = (std::uint64_t{1} << 53) - 1;

// Nothing when the header is malformed or asks for more than `max_attachments`.
[[nodiscard]] std::optional<packet_view>
decode_packet(std::string_view text, std::size_t max_attachments) noexcept;

// Arguments on their way: a JSON array, and the binaries that its placeholders name. In the format
// msgpack `json` is a msgpack array. In a custom one it is all of the packet: a letter that says
// how it is framed, and the frame; the attachments are the binary frames behind it.
struct arguments {
    std::string json;
    std::vector<base::bytes> attachments;
};

constexpr char custom_text = 't';
constexpr char custom_binary = 'b';

// The text frame. `type` is event or ack; attachments make it the binary kind.
[[nodiscard]] base::bytes encode_packet(
    packet_type type,
    std::string_view nsp,
    std::optional<std::uint64_t> id,
    std::string_view data,
    std::size_t attachments = 0);

// Names that only the protocol itself may use for events (socket.io-parser, RESERVED_EVENTS).
[[nodiscard]] bool is_reserved_event(std::string_view name) noexcept;

} // namespace sio
