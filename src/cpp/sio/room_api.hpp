// What a module may do with clients, on whatever shard they are. It belongs to its shard's thread;
// what concerns other shards is posted to them, in order.
#pragma once

#include "base/clock.hpp"
#include "sio/packet.hpp"
#include "sio/selection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sio {

// What is said about a client that is not there, or in no such namespace, is left out.
class room_api {
public:
    virtual ~room_api() = default;
    // Encoded once on each shard.
    virtual void emit(std::string_view nsp, const selection& whom, const arguments& args) = 0;
    virtual void send_ack(
        std::string_view sid, std::string_view nsp, std::uint64_t id, const arguments& args) = 0;
    virtual void enter_room(std::string_view sid, std::string_view nsp, std::string_view room) = 0;
    virtual void leave_room(std::string_view sid, std::string_view nsp, std::string_view room) = 0;
    virtual void disconnect(std::string_view sid, std::string_view nsp) = 0;

    // When the session of a client of this shard last sent anything but heartbeats.
    [[nodiscard]] virtual std::optional<base::time_point>
    active_at(std::string_view, std::string_view) const {
        return {};
    }

    void emit_to(std::string_view sid, std::string_view nsp, const arguments& args) {
        emit(nsp, {.rooms = {{std::string(sid)}}, .skip_sids = {}}, args);
    }
};

} // namespace sio
