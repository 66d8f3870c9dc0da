// Events that a client was sent and may not have had, for when it comes back.
// Belongs to the shard's thread.
#pragma once

#include "base/bytes.hpp"
#include "sio/parser.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace sio {

// What the backlogs of a shard hold together: each event once, and its place in each backlog.
struct backlog_store {
    std::size_t bytes = 0;
    std::size_t most_bytes = 0;
    // Transports may leave a compressed form beside what has so many bytes: no larger, but counted
    // as large.
    std::size_t compressed_from = std::numeric_limits<std::size_t>::max();
};

// An event with its offset, one for all backlogs that it is in: they are of one thread, so that
// their count costs no more than counting.
class kept_event {
public:
    kept_event() noexcept = default;
    // `again`: it is sent to who comes back. Of others, volatile ones, it is known that they were.
    kept_event(backlog_store& in, std::uint64_t offset, const outgoing_packet& packet, bool again);
    kept_event(const kept_event& other) noexcept : shared_(other.shared_) {
        if (shared_)
            ++shared_->holders;
    }
    kept_event(kept_event&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
    kept_event& operator=(kept_event other) noexcept {
        std::swap(shared_, other.shared_);
        return *this;
    }
    ~kept_event() {
        if (shared_ && --shared_->holders == 0)
            release();
    }

    explicit operator bool() const noexcept { return shared_ != nullptr; }
    [[nodiscard]] std::uint64_t offset() const noexcept { return shared_->offset; }
    [[nodiscard]] std::size_t size() const noexcept { return shared_->size; }
    [[nodiscard]] bool again() const noexcept { return shared_->again; }
    [[nodiscard]] outgoing_packet packet() const {
        return {shared_->frame, shared_->binary, shared_->attachments, shared_->compress};
    }
    // It has been sent: what is not sent again needs its offset alone.
    void sent() noexcept;

private:
    struct shared {
        backlog_store& in;
        std::uint64_t offset;
        base::bytes frame;
        std::vector<base::bytes> attachments;
        std::size_t size;    // counted in the backlogs
        std::size_t counted; // in the store
        bool again;
        bool binary;
        bool compress;
        std::uint32_t holders;
    };
    void release() noexcept;

    shared* shared_ = nullptr;
};

// Of one client. Bounds: at `most_bytes` the oldest go, and all when the shard's store is full by
// an eighth more than it should be; a client that has not had what went cannot come back to it.
// What a pong has confirmed goes as well: it answers a ping that came behind the events.
class backlog {
public:
    backlog(std::size_t most_bytes, backlog_store& in) noexcept
        : most_bytes_(most_bytes), in_(in) {}
    backlog(const backlog&) = delete;
    backlog& operator=(const backlog&) = delete;
    ~backlog() { drop(size()); }

    // Offsets rise.
    void push(const kept_event& sent);
    // It will be pushed to soon.
    void prefetch() const noexcept { __builtin_prefetch(events_.data() + events_.size(), 1); }
    // Has a client with this for its last event, or with none, missed only what is here?
    [[nodiscard]] bool continues(std::optional<std::uint64_t> last) const noexcept;
    // What it has missed, oldest first. Good until the backlog changes.
    [[nodiscard]] std::span<const kept_event>
    after(std::optional<std::uint64_t> last) const noexcept;
    // It had this one and all before, by what it says itself.
    void confirm(std::optional<std::uint64_t> last) noexcept { drop(count_to(last)); }
    // A ping follows what has been sent so far, and later its pong comes. Or never: it is another
    // connection.
    void ping() noexcept { pinged_ = size(); }
    void pong() noexcept { drop(std::exchange(pinged_, 0)); }
    void reconnected() noexcept { pinged_ = 0; }

    [[nodiscard]] std::size_t size() const noexcept { return events_.size() - first_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    [[nodiscard]] std::span<const kept_event> all() const noexcept {
        return std::span(events_).subspan(first_);
    }
    // How many there are up to this one.
    [[nodiscard]] std::size_t count_to(std::optional<std::uint64_t> last) const noexcept;
    void drop(std::size_t count) noexcept;

    // What an event looks at comes first, side by side.
    std::vector<kept_event> events_;
    std::size_t bytes_ = 0;
    const std::size_t most_bytes_;
    backlog_store& in_;
    std::size_t first_ = 0;     // those before have been dropped
    std::size_t pinged_ = 0;    // of those that are left, in front of the last ping
    std::uint64_t dropped_ = 0; // the last that was; 0: none
};

} // namespace sio
