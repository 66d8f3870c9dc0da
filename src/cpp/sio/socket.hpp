// One client in one namespace. Owned by its namespace; belongs to the shard's thread.
#pragma once

#include "base/sid.hpp"
#include "base/small_map.hpp"
#include "eio/handler.hpp"
#include "sio/event.hpp"
#include "sio/rooms.hpp"

#include <cstdint>
#include <optional>

namespace sio {

class client;
class nsp;
struct trail;

enum class socket_state : std::uint8_t {
    pending, // the connect handler has not decided
    connected,
    // Nothing is delivered to these:
    leaving, // the disconnect handler runs and may ask for rooms
    waiting, // for the end of the socket whose place it will take, see server_recovery.cpp
};

class socket {
public:
    socket(const base::sid& id, const base::sid& session_id, nsp& belongs_to, client* via)
        : owner(via), sid(id), eio_sid(session_id), home(belongs_to) {}
    socket(const socket&) = delete;
    socket& operator=(const socket&) = delete;

    // What an emit to everyone looks at comes first, side by side.
    client* owner;             // null when the session is gone
    std::uint64_t visit = 0;   // the last broadcast that has seen this socket: delivers once
    trail* followed = nullptr; // when it may come back, or is away
    socket_state state = socket_state::pending;
    bool warned = false;        // of events that came while it was pending
    bool warned_of_ack = false; // that nobody waits for
    bool has_joined = false;    // what the module has been told
    bool rooms_told = false;    // the application is told of its rooms: see server::watch_rooms()
    // In one byte: with another word each client would take more than a kilobyte.
    bool is_modules : 1 = false; // in a namespace of the module's
    bool held_back : 1 = false;  // it has come back, and gets what it missed when it is let in
    bool told_kept : 1 = false;  // the application knows that it may come back
    // Why it will leave, when it is still pending: told once the handler has accepted.
    std::optional<eio::close_reason> left_while_pending;
    base::sid sid; // changed by nsp::rename() alone
    const base::sid eio_sid;
    nsp& home;
    memberships rooms_joined;
    base::small_map<std::uint64_t, ack_token> pending_acks; // ack id -> whose answer it is
    std::uint64_t next_ack_id = 1;

    [[nodiscard]] bool receives() const noexcept {
        return owner != nullptr && state <= socket_state::connected && !left_while_pending;
    }
};

} // namespace sio
