// One namespace: its sockets and rooms, and who a broadcast goes to. Belongs to the shard's thread.
#pragma once

#include "base/sid_set.hpp"
#include "sio/rooms.hpp"
#include "sio/selection.hpp"
#include "sio/socket.hpp"
#include "sio/visit.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace sio {

class nsp {
public:
    explicit nsp(std::string name) : name_(std::move(name)) {}

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] socket* find(std::string_view sid) const noexcept { return sockets_.find(sid); }
    socket& add(std::unique_ptr<socket> joined) { return sockets_.add(std::move(joined)); }
    // Takes the name of a socket that has gone.
    void rename(socket& which, const base::sid& sid);
    // Leaves its rooms and is freed.
    void remove(socket& gone);
    [[nodiscard]] const base::sid_set<socket, &socket::sid>& sockets() const noexcept {
        return sockets_;
    }
    [[nodiscard]] rooms& room_index() noexcept { return rooms_; }
    [[nodiscard]] const rooms& room_index() const noexcept { return rooms_; }

    // Calls `visit(socket&)` for each selected socket, whatever its state. It must not remove any.
    template <class Visitor>
    void for_each(const selection& whom, Visitor&& visit) {
        walk(whom, visit, [](room&, std::uint64_t) {}, nothing_ahead());
    }
    // The same, of those that something is sent to: rooms count it.
    template <class Visitor, class Ahead = nothing_ahead>
    void send_each(const selection& whom, Visitor&& visit, Ahead ahead = {}) {
        walk(whom, visit, [](room& by, std::uint64_t visits) { by.sent += visits; }, ahead);
    }

private:
    // `after(room&, visits)`: those that it was found by.
    template <class Visitor, class After, class Ahead>
    void walk(const selection& whom, Visitor& visit, After after, Ahead ahead) {
        std::uint64_t visits = 0;
        const auto turn = ++visits_;
        for (const auto& sid : whom.skip_sids)
            if (auto* skipped = find(sid))
                skipped->visit = turn;
        for (const auto& name : whom.except_rooms) {
            if (auto* own = find(name))
                own->visit = turn;
            if (const auto* members = rooms_.find(name))
                for (auto* member : members->members)
                    member->visit = turn;
        }
        const auto once = [&](socket& each) {
            if (std::exchange(each.visit, turn) != turn) {
                ++visits;
                visit(each);
            }
        };
        if (!whom.rooms) {
            visit_each(sockets_, once, ahead);
            return;
        }
        for (const auto& name : *whom.rooms) {
            if (auto* own = find(name))
                once(*own);
            if (auto* members = rooms_.find(name)) {
                const auto before = visits;
                visit_each(members->members, once, ahead);
                after(*members, visits - before);
            }
        }
    }

    std::string name_;
    base::sid_set<socket, &socket::sid> sockets_;
    rooms rooms_;
    std::uint64_t visits_ = 0;
};

} // namespace sio
