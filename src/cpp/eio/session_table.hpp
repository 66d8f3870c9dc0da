// sid -> session, their one owner; who is due, who has something to send. Belongs to the shard's
// thread.
#pragma once

#include "base/clock.hpp"
#include "base/string_hash.hpp"
#include "eio/session.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

namespace eio {

class session_table {
public:
    explicit session_table(std::function<void()> schedule_flush, std::function<void()> ask_relay);

    session& add(std::unique_ptr<session> opened);
    [[nodiscard]] session* find(std::string_view sid) noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return sessions_.size(); }
    [[nodiscard]] std::vector<session*> all();

    // --- called by sessions ---
    // Has something to send when the turn ends.
    void mark_dirty(session& sending);
    // Has a deadline earlier than before, or one at all.
    void schedule(session& due);
    // Is closed: forgotten now, freed after the turn, when no caller holds it any more.
    void retire(session& closed);
    // Missed its pong behind a relay: closed once the relay's loop is known to be alive.
    void suspect(session& silent);

    // --- called by the server ---
    void flush(base::time_point now);
    [[nodiscard]] bool unfinished() const noexcept { return !dirty_.empty() || !retired_.empty(); }
    void sweep(base::time_point now);
    void on_relay_alive(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> next_deadline() const;

private:
    // No turn of the loop writes to more sockets than this before others get theirs.
    static constexpr std::size_t sessions_per_flush = 1'000;

    // Deadlines mostly move later, which leaves their entry where it is: an entry that comes up
    // too early is put back. One that is not the session's `armed_for_` is stale.
    struct entry {
        base::time_point at;
        std::string sid;
        bool operator>(const entry& other) const noexcept { return at > other.at; }
    };

    std::function<void()> schedule_flush_;
    std::function<void()> ask_relay_;
    base::string_map<std::unique_ptr<session>> sessions_;
    std::vector<session*> dirty_;
    std::vector<std::unique_ptr<session>> retired_;
    std::vector<std::string> suspects_;
    std::priority_queue<entry, std::vector<entry>, std::greater<>> deadlines_;
};

} // namespace eio
