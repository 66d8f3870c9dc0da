// Room <-> socket, both ways: joining, leaving and being asked cost O(1), a socket that goes
// away O(its rooms). The room of a socket's own sid is not kept here: `nsp` finds it by its sid.
#pragma once

#include "base/string_hash.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sio {

class socket;

struct room {
    std::string name;
    std::vector<socket*> members; // in no order
};

// Of one socket: each of its rooms, and its place among the members.
using memberships = std::unordered_map<room*, std::size_t>;

class rooms {
public:
    void join(socket& joining, std::string_view name);
    void leave(socket& leaving, std::string_view name);
    void leave_all(socket& leaving);
    // Everyone leaves.
    void close(std::string_view name);

    [[nodiscard]] const room* find(std::string_view name) const;
    [[nodiscard]] const base::string_map<room>& all() const noexcept { return rooms_; }

private:
    // Takes the socket out of the members and an empty room out of the index.
    void remove_member(room& left, std::size_t place);

    base::string_map<room> rooms_; // node-based: a room stays where it is
};

} // namespace sio
