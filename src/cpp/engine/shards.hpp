// All shards of an engine that runs, and which of them has a session. Any thread.
#pragma once

#include "base/sid.hpp"
#include "eio/http.hpp"
#include "engine/shard.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace features::flow {
struct recordings;
}

namespace engine {

class shards {
public:
    // It accepts for all: a connection moves to where its first request belongs.
    static constexpr unsigned listening = 0;

    // Starts the threads.
    shards(const config& options, const std::shared_ptr<outbox>& out);
    ~shards(); // stop() without waiting for peers
    shards(const shards&) = delete;
    shards& operator=(const shards&) = delete;

    [[nodiscard]] unsigned count() const noexcept { return count_; }
    [[nodiscard]] shard& operator[](unsigned index) noexcept { return *all_[index]; }
    // The shard of the session that a request names, else the one whose turn it is to open one.
    [[nodiscard]] unsigned home_of(const eio::http_request& request);
    // Where the client of a session is served: on its own shard, or on the one it is lent to. For
    // text that is no sid any shard will do.
    [[nodiscard]] unsigned host_of(std::string_view eio_sid) const;
    void set_host(const base::sid& eio_sid, unsigned shard);
    void forget_host(const base::sid& eio_sid);
    // A room has been entered whose name may be a sid of another client, by the look of it: from
    // then on such a name does not tell on which shard its members are.
    std::atomic<bool> room_like_a_sid = false;
    // Rooms whose events are recorded, see replay.hpp; null without any. `records` is looked at
    // first.
    std::atomic<std::shared_ptr<const ::features::flow::recordings>> recorded;
    std::atomic<bool> records = false;
    // Any thread but a shard's. All at once: they share the patience.
    void stop(std::chrono::milliseconds patience);

private:
    // What carried sessions have to say goes by way of others, which are to be there still.
    void end_carried(base::time_point until);

    const unsigned count_;
    std::vector<std::unique_ptr<shard>> all_;
    std::atomic<unsigned> turn_ = 0;
    mutable std::mutex hosts_mutex_;
    base::sid_map<unsigned> hosts_;   // of sessions that are lent, until they have ended there
    std::atomic<bool> lends_ = false; // looked at first: has one ever been?
};

// The shard, of so many, that the session or socket of this id is on. For text that is no such id
// any shard will do: it finds nobody.
[[nodiscard]] unsigned owner_of(std::string_view sid, unsigned count) noexcept;

// The shard, of so many, where a feature keeps what it knows of a key: of a document, of a room.
[[nodiscard]] unsigned home_of_key(std::string_view key, unsigned count) noexcept;

} // namespace engine
