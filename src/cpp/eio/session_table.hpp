// The sessions of a shard, their one owner; who is due, who has something to send. Belongs to the
// shard's thread.
#pragma once

#include "base/clock.hpp"
#include "base/deadline_queue.hpp"
#include "base/shared_count.hpp"
#include "base/sid.hpp"
#include "base/sid_set.hpp"
#include "eio/session.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace eio {

class session_table {
public:
    session_table(
        std::function<void()> schedule_flush,
        std::function<void()> ask_relay,
        base::shared_count open);
    ~session_table();
    session_table(const session_table&) = delete;
    session_table& operator=(const session_table&) = delete;

    session& add(std::unique_ptr<session> opened);
    [[nodiscard]] session* find(std::string_view sid) noexcept { return sessions_.find(sid); }
    // Without those that sessions of other shards carry.
    [[nodiscard]] std::size_t size() const noexcept { return sessions_.size() - carried_; }
    // With those of the other shards.
    [[nodiscard]] std::size_t size_everywhere() const noexcept { return open_->load(); }
    [[nodiscard]] std::vector<session*> all();

    // --- called by sessions ---
    // Has something to send when the turn ends.
    void mark_dirty(session& sending);
    // Has a deadline earlier than before, or one at all.
    void schedule(session& due);
    // Is closed: forgotten now, freed after the turn, when no caller holds it any more.
    void retire(session& closed);
    // Wants to know when the relay's loop has passed on what it had, both ways.
    void await_relay(session& waiting);

    // --- called by the server ---
    void flush(base::time_point now);
    [[nodiscard]] bool unfinished() const noexcept { return !dirty_.empty(); }
    void sweep(base::time_point now);
    // The relay's loop has come round once more since it was asked.
    void on_relay_round(base::time_point now);
    [[nodiscard]] bool awaits_relay() const noexcept { return !relay_waits_.empty(); }
    [[nodiscard]] std::optional<base::time_point> next_deadline() const {
        return deadlines_.soonest();
    }

private:
    // A session that fails is closed, and those behind it do not hear of it.
    template <class Step>
    void attempt(session& by, base::time_point now, Step step) noexcept;

    // No turn of the loop writes to more sockets than this before others get theirs: about two
    // milliseconds of system calls.
    static constexpr std::size_t sessions_per_flush = 250;

    // Through so many rounds of its loop a relay has surely read its sockets and run the tasks
    // that they woke, several layers deep: a pong that had arrived is here by then, and a ping
    // is on its way.
    static constexpr std::uint64_t relay_rounds = 10;
    struct relay_wait {
        std::uint64_t until;
        base::sid sid;
    };

    std::function<void()> schedule_flush_;
    std::function<void()> ask_relay_;
    base::shared_count open_;                        // on all shards together
    base::sid_set<session, &session::sid> sessions_; // the open ones
    std::size_t carried_ = 0;
    // Who waits for the end of the turn: to send, or, being closed, to be freed. The first
    // `flushed_` have had it.
    std::vector<session*> dirty_;
    std::size_t flushed_ = 0;
    std::deque<relay_wait> relay_waits_; // in order of `until`
    std::uint64_t relay_round_ = 0;
    // Deadlines mostly move later, which leaves them where they are: one that comes up too early
    // is put back.
    base::deadline_queue<session, &session::place_> deadlines_;
};

} // namespace eio
