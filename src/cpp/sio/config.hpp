// What a Socket.IO server may be told; set once, before the first client.
#pragma once

#include "sio/packet.hpp"

#include <chrono>
#include <cstddef>
#include <limits>

namespace sio {

// Of clients that come back, see recovery.hpp. What is past a bound cannot be recovered.
struct recovery_config {
    bool on = false;
    std::chrono::milliseconds max_disconnection{120'000};
    std::size_t max_bytes = 1 << 20;        // of one client: the oldest events go
    std::size_t max_total_bytes = 64 << 20; // of a shard: who has been away for longest goes
    std::size_t max_sessions = 10'000;      // that are away: the same
    // Larger packets go out compressed, where that is agreed on.
    std::size_t compressed_from = std::numeric_limits<std::size_t>::max();
};

struct config {
    packet_format format = packet_format::json;
    // A session that has joined no namespace by then is closed; socket.io's connectTimeout.
    std::chrono::milliseconds connect_timeout{45'000};
    bool always_connect = false;      // CONNECT before the connect handler has decided
    std::size_t max_attachments = 10; // of one packet; socket.io-parser's default. Closes
    std::size_t max_attachment_bytes = 1'000'000; // of one packet, together. Closes
    // Of one session, with those that it has left and whose handlers still run. Refused.
    std::size_t max_namespaces = 32;
    std::size_t max_rooms = 100'000;         // of one socket. An error to the caller
    std::size_t max_room_name_bytes = 1'024; // An error to the caller
    recovery_config recovery;                // but in a custom format
    bool verbose = false;                    // a line at level INFO for each ack
};

} // namespace sio
