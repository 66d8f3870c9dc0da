// Events that rooms keep for those who have been away, see features/flow/recorder. What is said of
// a namespace is on one shard, which puts its recorded events into one order.
#pragma once

#include "engine/engine.hpp"
#include "features/flow/recorder.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace engine {

// Any thread but a shard's. In the place of all before. `epoch`: text that no run before had; that
// of the first call counts.
void set_recordings(
    engine& of,
    std::shared_ptr<const ::features::flow::recordings> rules,
    const std::string& epoch);

// Any thread: is a room among those who are selected recorded?
[[nodiscard]] bool is_recorded(const shards& all, std::string_view nsp, const sio::selection& whom);
// On any shard: emits, and has it recorded where that is wanted.
void deliver(shard_context& in, ::features::flow::emission&& sent);
// On the client's shard: it comes into the room behind what has been sent to it since the event
// `last`; before it, if some of that is not kept any more, "room:gap". False: nothing is kept of
// the room.
bool catch_up(
    shard_context& in,
    std::string_view sid,
    std::string_view nsp,
    const std::string& room,
    const std::string& last);
// The same from any other thread, whatever is kept of the room.
void resume_room(engine& of, std::string sid, std::string nsp, std::string room, std::string last);

} // namespace engine
