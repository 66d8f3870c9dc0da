// The interface between a session and the one connection that carries it for now.
#pragma once

#include "base/clock.hpp"
#include "eio/door.hpp"
#include "eio/packet.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace eio {

enum class transport_kind : std::uint8_t { polling, websocket };

[[nodiscard]] constexpr std::string_view to_string(transport_kind kind) noexcept {
    return kind == transport_kind::polling ? "polling" : "websocket";
}

// Why a WebSocket is closed from our side (RFC 6455, 7.4.1); polling has no use for it.
enum class close_code : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    invalid_utf8 = 1007,
    policy_violation = 1008,
    message_too_big = 1009,
    internal_error = 1011,
    service_restart = 1012,
};

class transport;

// Implemented by the session; a transport reports to exactly one.
class transport_owner {
public:
    virtual ~transport_owner() = default;
    // One packet in its text form ("4hello"), or the payload of a binary message.
    // May close the transport before it returns.
    virtual void
    on_frame(transport& from, std::string_view data, bool binary, base::time_point now) = 0;
    // The connection is gone or was given up; nothing more comes from it. `failed` tells an error
    // (reset, protocol violation) from an orderly close. Not called after close() or abandon().
    virtual void on_transport_closed(transport& from, bool failed, base::time_point now) = 0;
    // writable() has become true again.
    virtual void on_writable(transport& to, base::time_point now) = 0;
};

class transport {
public:
    virtual ~transport() = default;
    [[nodiscard]] virtual transport_kind kind() const noexcept = 0;
    // What the peer uses, where another session stands between us.
    [[nodiscard]] virtual transport_kind seen_as() const noexcept { return kind(); }
    [[nodiscard]] virtual door came_by() const noexcept = 0;
    // True when another event loop stands between us and the peer: its silence may then be that
    // loop's, not the peer's.
    [[nodiscard]] bool relayed() const noexcept { return came_by() == door::bridge; }
    // Who hears of frames and of the end; null to hear nothing more.
    virtual void set_owner(transport_owner* owner) noexcept = 0;
    // True when send() may be called.
    [[nodiscard]] virtual bool writable() const noexcept = 0;
    // True when what it has taken is sure to go before the end.
    [[nodiscard]] virtual bool may_end() const noexcept { return writable(); }
    // How many packets one send() may carry; the rest waits for the next one.
    [[nodiscard]] virtual std::size_t max_packets_per_send() const noexcept {
        return std::numeric_limits<std::size_t>::max();
    }
    // Takes all packets, in order. The caller batches: one call a turn.
    virtual void send(std::span<const packet> packets) = 0;
    // Stop and start to read from the peer: its bytes wait in its own buffers. Before any frame
    // already handed over is answered for, a few more may still come.
    virtual void pause_reading() = 0;
    virtual void resume_reading() = 0;
    // Flush what was taken, say goodbye in the transport's own way, end. The owner hears nothing.
    virtual void close(close_code code) = 0;
};

} // namespace eio
