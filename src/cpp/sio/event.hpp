// What the application is told, and the sink that it goes to.
#pragma once

#include "base/bytes.hpp"
#include "base/sid.hpp"
#include "eio/close_reason.hpp"
#include "sio/packet.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace sio {

// A token names the callback of an emit; the application chooses it. 0 is none.
using ack_token = std::uint64_t;

struct connect_event {
    base::sid sid;
    std::string nsp;
    base::sid eio_sid;
    std::string auth; // a JSON object; empty when the client sent none
};

struct message_event {
    base::sid sid;
    std::string nsp;
    base::sid eio_sid;
    arguments args; // the event's name first
    std::optional<std::uint64_t> ack_id;
};

struct ack_event {
    ack_token token = 0;
    base::sid sid; // of who answers
    arguments args;
};

// No more answers will come for this token: all have answered or left.
struct acks_done_event {
    ack_token token = 0;
};

struct disconnect_event {
    base::sid sid;
    std::string nsp;
    base::sid eio_sid;
    eio::close_reason reason = eio::close_reason::transport_close;
};

// Of a client that may come back. It goes in front of the event that it belongs to.
enum class recovery_step : std::uint8_t {
    kept,    // a disconnect_event follows: what is known of the client stays
    resumed, // a connect_event follows, if the application is asked: it is the same client
    expired, // it has been away for too long, or has come back too late
};
struct recovery_event {
    recovery_step step = recovery_step::kept;
    base::sid sid;
    std::string nsp;
};

// A frame of a custom format, for the application to decode. It counts as unhandled.
struct frame_event {
    base::sid eio_sid;
    std::string data;
    bool binary = false;
};

// The last of its sids has been given up: refused, or its disconnect handler has ended.
struct session_closed_event {
    base::sid eio_sid;
};

// It has come into a room, or out of it. Only after server::watch_rooms(). Each counts as unhandled
// as long as the session is there, so that a client which comes and goes without end is not read.
struct room_event {
    base::sid sid;
    std::string nsp;
    base::sid eio_sid;
    std::string room;
    bool joined = false;
};

using server_event = std::variant<
    connect_event,
    message_event,
    ack_event,
    acks_done_event,
    disconnect_event,
    session_closed_event,
    recovery_event,
    frame_event,
    room_event>;

class event_sink {
public:
    virtual ~event_sink() = default;
    virtual void on_event(server_event&& told) = 0;
};

} // namespace sio
