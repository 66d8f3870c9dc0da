// What a session tells the layer above.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <string_view>

namespace eio {

class session;

enum class close_reason : std::uint8_t {
    server_disconnect, // this side asked for it
    client_disconnect, // the peer sent a close packet
    ping_timeout,      // no pong in time
    transport_close,   // the connection ended in order
    transport_error,   // the connection broke, or the peer broke the protocol
    slow_peer,         // the send buffer stayed full for too long
    server_shutdown,
};

class handler {
public:
    virtual ~handler() = default;
    virtual void on_open(session& opened, base::time_point now) = 0;
    virtual void
    on_message(session& from, std::string_view data, bool binary, base::time_point now) = 0;
    // The last call for this session; the reference is good until it returns.
    virtual void on_close(session& closed, close_reason reason, base::time_point now) = 0;
};

} // namespace eio
