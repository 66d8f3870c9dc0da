// Why a session, or a client of it, has ended: the one list, for C++ and for Python.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace eio {

enum class close_reason : std::uint8_t {
    server_disconnect, // the application disconnected a client, or all clients of the session
    session_closed,    // the application closed the session itself
    server_shutdown,
    client_left,       // the client left its namespace
    client_disconnect, // the peer sent a close packet
    ping_timeout,      // no pong in time
    transport_close,   // the connection ended in order
    transport_error,   // the connection broke, or the peer broke its protocol
    slow_peer,         // the send buffer stayed full for too long
    parse_error,       // the peer sent what is no Engine.IO packet
    bad_packet,        // the peer sent what is no Socket.IO packet
    out_of_place,      // a packet for a namespace that it is not in, or is in already
};
inline constexpr std::size_t close_reasons =
    static_cast<std::size_t>(close_reason::out_of_place) + 1;

// As python-engineio and python-socketio name it to disconnect handlers: one of five.
[[nodiscard]] constexpr std::string_view to_string(close_reason reason) noexcept {
    switch (reason) {
    case close_reason::server_disconnect:
    case close_reason::session_closed:
    case close_reason::server_shutdown:
        return "server disconnect";
    case close_reason::client_left:
    case close_reason::client_disconnect:
        return "client disconnect";
    case close_reason::ping_timeout:
        return "ping timeout";
    case close_reason::transport_close:
        return "transport close";
    case close_reason::transport_error:
    case close_reason::slow_peer:
    case close_reason::parse_error:
    case close_reason::bad_packet:
    case close_reason::out_of_place:
        return "transport error";
    }
    return {};
}

// As socket.io's server names it: one of nine.
[[nodiscard]] constexpr std::string_view detail(close_reason reason) noexcept {
    switch (reason) {
    case close_reason::server_disconnect:
        return "server namespace disconnect";
    case close_reason::session_closed:
    case close_reason::bad_packet:
        return "forced close";
    case close_reason::server_shutdown:
        return "server shutting down";
    case close_reason::client_left:
        return "client namespace disconnect";
    case close_reason::ping_timeout:
        return "ping timeout";
    case close_reason::client_disconnect:
    case close_reason::transport_close:
        return "transport close";
    case close_reason::transport_error:
    case close_reason::slow_peer:
        return "transport error";
    case close_reason::parse_error:
        return "parse error";
    case close_reason::out_of_place:
        return "forced server close";
    }
    return {};
}

} // namespace eio
