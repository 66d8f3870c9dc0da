// Clients that may come back as the ones they were: what they are known by, what they have been
// sent, and the rooms of those that are away. Belongs to the shard's thread.
// Socket.IO, "Connection state recovery".
#pragma once

#include "base/clock.hpp"
#include "base/deadline_queue.hpp"
#include "base/sid.hpp"
#include "base/sid_set.hpp"
#include "base/string_hash.hpp"
#include "eio/http.hpp"
#include "sio/backlog.hpp"
#include "sio/config.hpp"
#include "sio/nsp.hpp"
#include "sio/packet.hpp"
#include "sio/recovery_figures.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sio {

// By what a client wants to be known: of the data of its CONNECT.
struct claim {
    std::optional<base::sid> pid;
    std::optional<std::string> offset; // of the last event that it had; none: it had none
};

// `auth`: an object, or nothing. What has the wrong type or is too long is like no other.
[[nodiscard]] claim read_claim(packet_format format, std::string_view auth);

// A client whose handlers would be given the offset as one more argument, and that never comes
// back: python-socketio's are known by the HTTP libraries that they use.
[[nodiscard]] bool cannot_come_back(const eio::http_request& opened_by);

// One client, from its CONNECT until it has left for good, or has been away for too long.
struct trail {
    struct arrival {
        socket* who;
        std::string auth;
        claim claimed;
    };

    const base::sid pid;
    backlog sent;
    socket* whose; // connected, or about to be; null while it is away
    // Its place among those that are away: a socket without a client, in the same rooms.
    socket* place = nullptr;
    // It has come back, and waits until the application is done with its last socket.
    std::optional<arrival> arrived{};
    // What its client came with, of a session before: it says so again until it has had an event.
    std::optional<std::string> foreign_offset{};
    std::optional<std::uint64_t> last{}; // that it had, by its claim: what follows is sent again
    bool known = false;                  // the client has been told its pid
    base::deadline_place expires{};
};

class recovery {
public:
    recovery(const recovery_config& options, packet_format format, base::sid_source& sids);

    [[nodiscard]] trail& begin(socket& of, claim&& came_with);
    [[nodiscard]] trail* find(std::string_view pid) const noexcept { return trails_.find(pid); }
    // Has it missed only what is kept?
    [[nodiscard]] bool continues(const trail& of, const claim& claimed) const;
    void drop(trail& of);

    // From now on it is away, in the rooms of its socket.
    void leave(trail& of, const socket& leaving, base::time_point now);
    // It has come, and waits; or waits no more, and is away as before.
    void stop_waiting(trail& of, base::time_point now);
    void wait(trail& of, trail::arrival&& arrived);
    // It has been let in again: it is not away any more.
    void come_back(trail& of, const claim& claimed);

    // Where those of a namespace are that are away; null when there are none.
    [[nodiscard]] nsp* away(std::string_view name) const noexcept;
    [[nodiscard]] socket* find_away(std::string_view sid, std::string_view name) const noexcept;
    [[nodiscard]] std::size_t away_count() const noexcept { return expiring_.size(); }
    [[nodiscard]] recovery_figures figures() const noexcept;
    // Who has been away for too long; or the one that has been away for longest, where there are
    // too many, or too much is kept. Null when there is none.
    [[nodiscard]] trail* late(base::time_point now) noexcept { return expiring_.take_due(now); }
    [[nodiscard]] trail* one_too_many() noexcept;
    [[nodiscard]] std::optional<base::time_point> next_deadline() const {
        return expiring_.soonest();
    }

    // An event on its way to clients that may come back, encoded with its offset.
    [[nodiscard]] kept_event
    number(std::string_view nsp, const arguments& args, bool again, bool compress);

private:
    [[nodiscard]] std::string text_of(std::uint64_t offset) const;
    // Nothing for what is none of this server's.
    [[nodiscard]] std::optional<std::uint64_t> offset_of(std::string_view text) const;
    void leave_place(trail& of);

    const recovery_config options_;
    const packet_format format_;
    base::sid_source& sids_;
    // In front of each offset, so that none of another run of a server is taken for ours.
    const std::string epoch_;
    std::uint64_t last_offset_ = 0;
    recovery_figures counted_; // those that rise
    backlog_store store_;      // before the trails, which take from it to the end
    base::sid_set<trail, &trail::pid> trails_;
    base::string_map<std::unique_ptr<nsp>> away_;
    base::deadline_queue<trail, &trail::expires> expiring_; // who is away and has not come
};

} // namespace sio
