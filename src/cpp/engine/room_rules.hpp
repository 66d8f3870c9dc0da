// The rules by which clients come into rooms, and how many are where: commands and questions, from
// any thread but a shard's.
#pragma once

#include "engine/engine.hpp"
#include "features/rooms/rules.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine {

// From now on, in the place of all before. For those who connect and ask from now on.
void set_room_rules(engine& of, std::shared_ptr<const ::features::rooms::rules> rules);
// The answer to a question of a doorman's.
void room_judged(engine& of, std::string sid, std::string nsp, std::string room, bool allowed);
// See doorman::revoke(). False: there is no such client.
bool revoke_room(engine& of, std::string_view sid, std::string_view nsp, const std::string& room);

struct room_statistics {
    std::size_t sockets = 0; // of the namespace
    std::vector<sio::room_figures> rooms;
};

// See sio::server::watch_rooms(). A room on several shards is in there several times.
[[nodiscard]] std::vector<std::pair<std::string, sio::room_figures>> watch_rooms(engine& of);

// In so many steps as there are rooms on all shards.
[[nodiscard]] room_statistics room_counts(engine& of, std::string_view nsp);

} // namespace engine
