// The last events of rooms, for clients that have been away. One of these has all such rooms of a
// namespace: an event to several of them is put into one order, and each client gets it once.
// Belongs to its shard's thread.
#pragma once

#include "base/deadline_queue.hpp"
#include "base/pattern.hpp"
#include "base/string_hash.hpp"
#include "features/feature.hpp"
#include "features/flow/emission.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace features::flow {

// What is kept of each room that matches. Events beyond any bound go, the oldest first.
struct recording {
    std::string nsp;
    base::pattern rooms;
    std::size_t last = 100;
    std::size_t max_bytes = 0;
    base::clock::duration max_age{};
};

// Immutable once made; shared by all shards. The first that matches counts.
struct recordings {
    std::vector<recording> all;

    [[nodiscard]] const recording* find(std::string_view nsp, std::string_view room) const;
    [[nodiscard]] bool concerns(std::string_view nsp, const sio::selection& whom) const;
};

class recorder final : public feature {
public:
    // `epoch`: of this run of the server; ids of another one are unknown.
    explicit recorder(std::string epoch, std::size_t max_rooms = 10'000)
        : epoch_(std::move(epoch)), max_rooms_(max_rooms) {}

    void use(std::shared_ptr<const recordings> given) noexcept { recordings_ = std::move(given); }

    // Keeps the event and puts behind its arguments the object {room: id}, which says where a
    // client that has got it stands in each room.
    void record(emission& sent, base::time_point now);

    struct missed {
        std::vector<emission> events; // to be sent to the one client, in order
        bool gap = false;             // there were more, which are not kept
    };
    // Of a room, behind the event with this id.
    [[nodiscard]] missed
    since(std::string_view nsp, std::string_view room, std::string_view id, base::time_point now);

    [[nodiscard]] std::size_t rooms() const noexcept { return rings_.size(); }

    [[nodiscard]] std::optional<base::time_point> next_deadline() const override {
        return ends_.soonest();
    }
    void sweep(base::time_point now) override;

private:
    struct kept {
        std::uint64_t number;
        base::time_point at;
        std::shared_ptr<const sio::arguments> args; // shared by the rooms it went to
        std::vector<std::string> skip_sids;
        std::size_t bytes;
    };
    struct ring {
        std::string key;
        // Up to here something is missing that was sent to the room, or may have been.
        std::uint64_t lost = 0;
        std::deque<kept> events{};
        std::size_t bytes = 0;
        base::deadline_place ends{}; // when the newest is too old
    };

    [[nodiscard]] ring& ring_of(std::string key);
    void forget(const ring& gone);
    static void trim(ring& of, const recording& by, base::time_point now);

    const std::string epoch_;
    // At this bound the room goes whose newest event is too old first.
    const std::size_t max_rooms_;
    std::shared_ptr<const recordings> recordings_;
    // A number is given once, so that a room which has been forgotten does not give old ids to new
    // events.
    std::uint64_t numbers_ = 0;
    std::uint64_t forgotten_ = 0;                   // the newest of rooms that have been forgotten
    base::string_map<std::unique_ptr<ring>> rings_; // by namespace and room
    base::deadline_queue<ring, &ring::ends> ends_;
};

} // namespace features::flow
