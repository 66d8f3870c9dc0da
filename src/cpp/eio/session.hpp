// One client: open, heartbeat, upgrade, close; its send queue. Belongs to the shard's thread.
// Engine.IO v4, "Protocol".
#pragma once

#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/sid.hpp"
#include "eio/config.hpp"
#include "eio/errand.hpp"
#include "eio/handler.hpp"
#include "eio/http.hpp"
#include "eio/polling.hpp"
#include "eio/request_head.hpp"
#include "eio/traffic.hpp"
#include "eio/transport.hpp"

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace eio {

class session_table;

// What every session of a shard shares.
struct session_context {
    const config& options;
    handler& above;
    base::log_sink& log;
    session_table& table;
    traffic counted{};
    // Of sessions that other sessions carry, of other shards: those are counted.
    bool carried = false;
};

class session final : private transport_owner {
public:
    session(
        session_context& context,
        const base::sid& sid,
        const http_request& request,
        std::shared_ptr<transport> carrier,
        base::time_point now);
    ~session() override;
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    [[nodiscard]] const base::sid& sid() const noexcept { return sid_; }
    // The request that opened the session, without its body.
    [[nodiscard]] http_request request() const { return head_.unpack(); }
    // For who outlives a session that closes.
    [[nodiscard]] request_head take_head() noexcept { return std::move(head_); }
    [[nodiscard]] transport_kind transport_in_use() const noexcept { return carrier_->seen_as(); }
    [[nodiscard]] bool carried() const noexcept { return context_.carried; }
    [[nodiscard]] door came_by() const noexcept { return carrier_->came_by(); }
    [[nodiscard]] bool closed() const noexcept { return state_ == state::closed; }
    [[nodiscard]] std::size_t queued_bytes() const noexcept { return queued_bytes_; }
    // What is sent in this turn leaves at its end: nothing waits for the peer to read.
    [[nodiscard]] bool writable() const noexcept;
    // To a tenth of a second.
    [[nodiscard]] base::time_point opened_at() const noexcept {
        return base::time_point(opened_at_);
    }

    // Queues a packet for the end of the turn. At the bound: the session is closed as a slow peer
    // when its queue stays above `send_buffer_bytes` for `slow_peer_timeout`, or at once when it
    // reaches twice that; one packet of any size may enter an empty queue.
    void send(packet&& outgoing);
    // Once: the handler hears on_sent() when nothing is queued any more.
    void tell_when_sent();
    // From now on it carries a session of another shard, which pings: each pong goes to the
    // handler, but for the one that answers a ping of its own.
    void lend() noexcept;
    // The one way to end. The handler hears `on_close`; the table frees the session after the turn.
    void close(close_reason reason, base::time_point now);
    // As soon as its peer has been sent all that is queued; one that polls by the poll behind it.
    // It is for the caller to close one whose peer never reads.
    void close_when_sent(close_reason reason);

    // What the layer above has taken from this session and not yet dealt with. At 1,000 the peer
    // is not read, and owes no pong meanwhile: a busy application never costs a client its
    // connection. Reading goes on at half of it.
    void add_unhandled() noexcept { ++unhandled_; }
    void remove_unhandled(std::size_t count, base::time_point now);
    [[nodiscard]] std::size_t unhandled() const noexcept { return unhandled_; }

    // Whether one of its requests waits for the application: it is not its peer then that is silent
    // or slow.
    [[nodiscard]] bool asked(errand what) const noexcept { return (asked_ & bit(what)) != 0; }
    void set_asked(errand what, bool waits) noexcept {
        asked_ = static_cast<std::uint8_t>(waits ? asked_ | bit(what) : asked_ & ~bit(what));
    }

private:
    friend class server;
    friend class session_table;

    enum class state : std::uint8_t { open, closed };
    // What waits for the relay: the pong's time begins when the ping has left it, and a pong is
    // only missing when the relay has had time to bring it.
    enum class relay_wait : std::uint8_t { none, ping_leaving, pong_missing };
    static constexpr base::time_point never = base::time_point::max();
    static constexpr std::size_t unhandled_bound = 1'000;
    // Small, as one stands in every session: the clock's first thirteen years.
    using tenths = std::chrono::duration<std::uint32_t, std::deci>;

    [[nodiscard]] static constexpr unsigned bit(errand what) noexcept {
        return 1U << static_cast<unsigned>(what);
    }
    // For the server: the polling transport while it carries the session, else null.
    [[nodiscard]] polling* polling_carrier() noexcept;
    // Not when it is carried by a WebSocket, or when one probes already.
    [[nodiscard]] bool can_upgrade() const noexcept;
    // A WebSocket that wants to take over. False when it may not.
    [[nodiscard]] bool attach_probe(std::shared_ptr<transport> probe, base::time_point now);
    // For the table: hands the queue to the carrier, once a turn.
    void flush(base::time_point now);
    void on_deadline(base::time_point now);
    // The loop that relays this session has passed on what it had when it was asked.
    void on_relay_alive(base::time_point now);
    [[nodiscard]] base::time_point deadline() const noexcept;

    void
    on_frame(transport& from, std::string_view data, bool binary, base::time_point now) override;
    void on_transport_closed(transport& from, bool failed, base::time_point now) override;
    void on_writable(transport& to, base::time_point now) override;
    void send_queued();
    void await_pong(base::time_point now);
    void await_relay(relay_wait what);
    void on_carrier_packet(packet_view received, base::time_point now);
    void on_probe_frame(std::string_view data, bool binary, base::time_point now);
    void complete_upgrade(base::time_point now);
    void drop_probe(close_code code);
    void pause_if_unhandled();
    void fail(
        std::string_view why,
        base::time_point now,
        close_reason reason = close_reason::transport_error);
    void give_up_waiting(base::time_point now); // for a pong
    // For who has asked for lines at level INFO.
    void log_received(packet_type type, bool binary, std::string_view data);
    void note(std::string_view what);
    // After an exception, for the table: what is queued may be what made it.
    void give_up(const char* error, base::time_point now) noexcept;

    // What an emit to everyone looks at comes first, side by side.
    session_context& context_;
    std::shared_ptr<transport> carrier_;
    boost::container::small_vector<packet, 1> queue_;
    std::size_t queued_bytes_ = 0;
    state state_ = state::open;
    bool dirty_ = false; // the table's: waits for the end of the turn
    bool probed_ : 1 = false;
    bool overflown_ : 1 = false; // a packet may have been left out: it closes
    bool lent_ : 1 = false;
    bool owes_pong_ : 1 = false; // when it was lent
    bool tells_when_sent_ : 1 = false;
    bool reading_paused_ = false;
    relay_wait relay_wait_ = relay_wait::none;
    std::optional<close_reason> closes_when_sent_;
    const tenths opened_at_;

    const base::sid sid_;
    request_head head_;
    std::shared_ptr<transport> probe_; // a WebSocket that is taking over
    std::size_t unhandled_ = 0;
    // The due times of what may happen next; `never` when it may not.
    base::time_point ping_at_;
    base::time_point pong_deadline_ = never;
    base::time_point upgrade_deadline_ = never;
    base::time_point slow_deadline_ = never;
    base::deadline_place place_; // the table's
    std::uint8_t asked_ = 0;     // by errand; here it costs a session no memory
};

} // namespace eio
