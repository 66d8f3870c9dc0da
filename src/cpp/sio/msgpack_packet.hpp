// Packets of the msgpack serializer: each is one map {"type", "nsp"[, "id"][, "data"]} in a binary
// frame, as socket.io-msgpack-parser and python-socketio's MsgPackPacket have it. Their header is
// read and written here; arguments stay msgpack.
#pragma once

#include "base/bytes.hpp"
#include "sio/packet.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sio {

// The keys in any order, and others beside them. Nothing when the frame is no whole map, lacks a
// type or a namespace, or has a header that no client of the protocol writes. All of the frame has
// been checked then: whatever is read of `data` is there.
[[nodiscard]] std::optional<packet_view> decode_msgpack_packet(std::string_view frame) noexcept;

// `data` is msgpack, or empty: then the packet has none, which the JavaScript client tells from
// nil.
[[nodiscard]] base::bytes encode_msgpack_packet(
    packet_type type, std::string_view nsp, std::optional<std::uint64_t> id, std::string_view data);

} // namespace sio
