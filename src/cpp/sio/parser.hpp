// The formats of packets behind one face: what a client has to know of the data of a packet, and
// the frame of what a server has to say. No state: any thread.
#pragma once

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "sio/packet.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sio {

// What the arguments of an event or an ack begin with; placeholders only where there can be any.
using argument_scan = base::json::array_scan;

// Of a packet that has been decoded. Nothing when its data is no array, or one of too many
// elements.
[[nodiscard]] std::optional<argument_scan>
scan_arguments(packet_format format, std::string_view data);

// What is wrong with arguments that have been refused, for a log.
[[nodiscard]] std::string arguments_fault(packet_format format, std::string_view data);

// What is wrong with the data of a CONNECT, for a log; nothing if there is none, or an object.
[[nodiscard]] std::optional<std::string> auth_fault(packet_format format, std::string_view data);

// Of the data of a CONNECT: nothing when it is not there, and "" when it is no text.
[[nodiscard]] std::optional<std::string>
text_member(packet_format format, std::string_view data, std::string_view name);

// The arguments of an event, and one more behind them.
[[nodiscard]] std::string
with_argument(packet_format format, std::string_view args, std::string_view utf8);

// A packet on its way to clients, encoded: a frame, and binary frames behind it.
struct outgoing_packet {
    base::bytes frame;
    bool binary = false;
    std::span<const base::bytes> attachments{}; // a view: of what the packet was made from
    bool compress = true;
};

// `type` is never a binary one: attachments make it so where the format has such types.
[[nodiscard]] outgoing_packet encode(
    packet_format format,
    packet_type type,
    std::string_view nsp,
    std::optional<std::uint64_t> id,
    std::string_view data,
    std::span<const base::bytes> attachments = {});

// The data of CONNECT, `pid` for who may come back, and of the answer to who may not join.
[[nodiscard]] std::string
sid_object(packet_format format, std::string_view sid, std::string_view pid = {});
[[nodiscard]] std::string text_value(packet_format format, std::string_view utf8);

} // namespace sio
