// Room <-> socket, both ways: joining, leaving and being asked cost O(1), a socket that goes
// away O(its rooms). The room of a socket's own sid is not kept here: `nsp` finds it by its sid.
#pragma once

#include "base/small_map.hpp"
#include "base/string_hash.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sio {

class socket;

// Rooms whose names begin so carry what is for a user, to all his clients. No answer lists them.
inline constexpr std::string_view user_room_prefix{"\0u", 2};
[[nodiscard]] constexpr bool is_user_room(std::string_view name) noexcept {
    return name.starts_with(user_room_prefix);
}

struct room_figures {
    std::string name;
    std::size_t members = 0;
    std::uint64_t sent = 0;
};

struct room {
    std::string name;
    std::vector<socket*> members; // in no order
    std::uint64_t sent = 0;       // events, to each of its members
};

// Of one socket: each of its rooms, and its place among the members.
using memberships = base::small_map<room*, std::size_t>;

class rooms {
    // By name, which is no key of its own: a place in the table is one pointer.
    struct hash : base::string_hash {
        using base::string_hash::operator();
        std::size_t operator()(const std::unique_ptr<room>& from) const noexcept {
            return (*this)(from->name);
        }
    };
    struct equal {
        using is_transparent = void;
        bool operator()(const auto& a, const auto& b) const noexcept { return name(a) == name(b); }
        static std::string_view name(std::string_view given) noexcept { return given; }
        static std::string_view name(const std::unique_ptr<room>& of) noexcept { return of->name; }
    };
    using index = boost::unordered_flat_set<std::unique_ptr<room>, hash, equal>;

public:
    // Both: false, nothing has changed.
    bool join(socket& joining, std::string_view name);
    bool leave(socket& leaving, std::string_view name);
    void leave_all(socket& leaving);
    // Everyone leaves.
    void close(std::string_view name);

    [[nodiscard]] const room* find(std::string_view name) const;
    [[nodiscard]] room* find(std::string_view name);
    [[nodiscard]] const index& all() const noexcept { return rooms_; }

private:
    // Takes the socket out of the members and an empty room out of the index.
    void remove_member(room& left, std::size_t place);

    index rooms_;
};

} // namespace sio
