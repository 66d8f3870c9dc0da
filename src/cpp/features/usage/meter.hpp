// Counts the tokens of models, users and groups. Any thread: Python's and the shards share one
// meter of a process behind a lock of its own, which is held for about a microsecond.
#pragma once

#include "base/clock.hpp"
#include "base/sid.hpp"
#include "features/usage/counts.hpp"
#include "features/usage/id_set.hpp"
#include "features/usage/in_use.hpp"
#include "features/usage/journal.hpp"
#include "features/usage/ledger.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace features::usage {

struct meter_options {
    std::size_t most_ids = 1'000'000;
    std::int64_t id_seconds = 24 * 3600;
    std::int64_t keep_minutes = 25 * 60;
    std::chrono::milliseconds in_use_ttl{3000};
    std::chrono::seconds reservation_ttl{600};
    std::uint64_t flush_records = 1000;
};

struct group_state {
    counts used;
    std::int64_t reserved = 0;
    std::optional<std::int64_t> limit;
    std::optional<std::int64_t> resets_at; // Unix time, seconds
};

struct meter_statistics {
    std::uint64_t records = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t refused = 0;
    std::uint64_t touches = 0;
    std::uint64_t ids = 0; // remembered
};

class meter {
public:
    explicit meter(const meter_options& options);

    // `now` is Unix time in seconds, and the record's own time where it is 0.
    [[nodiscard]] outcome count(record of, std::int64_t now);
    // In a row under one lock, and in the journal by one write; the outcome of each. If that write
    // fails, all are said to have: they count still, and are in the journal as soon as it can be
    // written.
    [[nodiscard]] std::vector<outcome> count_many(std::vector<record> list, std::int64_t now);
    // A peer's record that has not even become one.
    void count_refused() noexcept;

    // --- models in use ---
    bool touch(std::string_view model, base::time_point now);
    bool
    touch_remote(std::string_view model, base::clock::duration remaining, base::time_point now);
    [[nodiscard]] std::vector<std::string> models_in_use(base::time_point now) const;
    [[nodiscard]] std::vector<std::pair<std::string, base::clock::duration>>
    used_here(base::time_point now) const;
    // Whoever calls it tells the clients.
    [[nodiscard]] std::optional<std::vector<std::string>> in_use_changed(base::time_point now);
    // Without the lock: it is asked after every event.
    [[nodiscard]] std::optional<base::time_point> in_use_deadline() const noexcept;

    // --- groups and limits ---
    // False: there are too many groups or models.
    [[nodiscard]] bool declare(
        std::string_view name,
        const std::vector<std::string>& models,
        window_rule rule,
        std::optional<std::int64_t> limit);
    // Nothing: there is no such group.
    [[nodiscard]] std::optional<group_state>
    state(std::string_view group, std::int64_t now, base::time_point steady);
    // An id for commit() and release(), or nothing when the limit is too near. Without either it
    // ends after a time.
    [[nodiscard]] std::optional<std::uint64_t> try_reserve(
        std::string_view group, std::int64_t tokens, std::int64_t now, base::time_point steady);
    // False: it has ended.
    bool release(std::uint64_t reservation);
    // Counts and releases in one step, so that nobody gets in between. Releases only what counts or
    // has counted before.
    [[nodiscard]] outcome commit(std::uint64_t reservation, record of, std::int64_t now);

    // --- for a store ---
    // What is counted from now on is kept for take(); with a folder in a journal, too, whose first
    // file has the number `seq`. Throws std::system_error.
    void collect(std::uint64_t seq, const std::optional<std::string>& journal_folder, bool each);
    // Waits until enough has been counted, or for the time, or wake(). True: there is something.
    [[nodiscard]] bool wait(std::chrono::milliseconds most);
    void wake();
    // What has been counted since the last one; empty if nothing. Throws std::system_error when the
    // journal cannot be written, and then loses nothing.
    [[nodiscard]] batch take();
    // What was counted before a restart. `pending` for take(); else it is what a store has already.
    [[nodiscard]] outcome restore(const journal_record& of, std::int64_t now, bool pending);
    void remember(std::string_view id, std::int64_t at, std::int64_t now);

    // --- what is read ---
    [[nodiscard]] std::vector<row_value> totals() const;
    [[nodiscard]] std::vector<row_value> rows(
        std::int64_t from_minute,
        const std::optional<std::string>& model,
        const std::optional<std::string>& user,
        const std::optional<std::string>& group) const;
    [[nodiscard]] meter_statistics statistics() const;

private:
    struct reservation {
        std::string group;
        std::int64_t tokens = 0;
        base::time_point ends;
    };
    static constexpr std::size_t most_reservations = 100'000; // beyond, none is given

    [[nodiscard]] outcome count_locked(record& of, std::int64_t now, bool more = false);
    void end_reservations(base::time_point now);
    void end_reservation(std::map<std::uint64_t, reservation>::iterator ended);
    void publish_deadline() noexcept;

    const meter_options options_;
    mutable std::mutex mutex_; // guards all below but the atomic
    std::condition_variable due_;
    ledger ledger_;
    id_set ids_;
    in_use in_use_;
    std::optional<journal> journal_;
    bool collecting_ = false;
    bool woken_ = false;
    std::uint64_t seq_ = 1;
    std::uint64_t waiting_ = 0; // records since the last take()
    std::int64_t swept_minute_ = 0;
    std::map<std::uint64_t, reservation> reservations_; // in the order in which they end
    std::uint64_t next_reservation_ = 1;
    meter_statistics counted_;
    std::atomic<base::clock::rep> in_use_deadline_; // max: none
};

} // namespace features::usage
