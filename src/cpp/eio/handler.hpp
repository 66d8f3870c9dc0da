// What a session tells the layer above.
#pragma once

#include "base/clock.hpp"
#include "base/sid.hpp"
#include "eio/transport.hpp"

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

// As python-engineio and python-socketio name it to disconnect handlers: one of five.
[[nodiscard]] constexpr std::string_view to_string(close_reason reason) noexcept {
    switch (reason) {
    case close_reason::server_disconnect:
    case close_reason::server_shutdown:
        return "server disconnect";
    case close_reason::client_disconnect:
        return "client disconnect";
    case close_reason::ping_timeout:
        return "ping timeout";
    case close_reason::transport_close:
        return "transport close";
    case close_reason::transport_error:
    case close_reason::slow_peer:
        return "transport error";
    }
    return {};
}

class handler {
public:
    virtual ~handler() = default;
    // Whether a request for a new session waits for a verdict: on_applicant() is then followed,
    // some time, by server::admit() or server::refuse().
    [[nodiscard]] virtual bool decides() const noexcept { return false; }
    virtual void on_applicant(const base::sid&, transport_kind) {}
    virtual void on_open(session& opened, base::time_point now) = 0;
    virtual void
    on_message(session& from, std::string_view data, bool binary, base::time_point now) = 0;
    // A ping has been queued behind what was sent so far; its pong has come.
    virtual void on_ping(session&) {}
    virtual void on_pong(session&) {}
    // The last call for this session; the reference is good until it returns.
    virtual void on_close(session& closed, close_reason reason, base::time_point now) = 0;
};

} // namespace eio
