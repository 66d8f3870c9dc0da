// The Engine.IO server of one shard: routes requests to sessions, answers what is wrong with
// them, keeps their deadlines. Belongs to the shard's thread.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/shared_count.hpp"
#include "base/sid.hpp"
#include "eio/config.hpp"
#include "eio/handler.hpp"
#include "eio/http.hpp"
#include "eio/session_table.hpp"
#include "eio/transport.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace eio {

// Leave to open a WebSocket, given before the 101 is written and used up right after it.
struct websocket_ticket {
    std::optional<base::sid> upgrade_of; // the session to upgrade; else a new one
};

// Wake-ups that the shard arranges.
struct server_hooks {
    std::function<void()> schedule_flush; // run flush() when this turn of the loop ends
    std::function<void()> ask_relay;      // call on_relay_round() when the application's loop has
                                          // come round
    // What all shards together have open, for the bound on it; by itself this server counts alone.
    base::shared_count sessions = base::make_shared_count();
};

class server {
public:
    server(
        const config& options,
        handler& above,
        base::sid_source& sids,
        base::log_sink& log,
        server_hooks hooks);
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    // A plain request; answered now, or parked as a long poll.
    void on_request(
        http_request&& request, std::shared_ptr<http_exchange> exchange, base::time_point now);

    // The head of a request whose body is still arriving; on_request() follows with the same
    // exchange, or nothing when the peer goes away. Two POSTs at once close their session.
    void
    on_request_begun(const http_request& head, const http_exchange& exchange, base::time_point now);

    // A WebSocket handshake: a refusal to send, or leave to go on.
    [[nodiscard]] std::variant<http_response, websocket_ticket>
    admit_websocket(const http_request& request);
    // The handshake is done and `connection` may send. Returns the session it serves; nothing (and
    // the connection closed) if the session to upgrade is gone or taken by now.
    std::optional<base::sid> attach_websocket(
        const websocket_ticket& ticket,
        const http_request& request,
        std::shared_ptr<transport> connection,
        base::time_point now);

    // Sends what the turn has queued, for some hundred sessions at a time.
    void flush(base::time_point now) { table_.flush(now); }
    // Whether flush() has more to send or to free.
    [[nodiscard]] bool unfinished() const noexcept { return table_.unfinished(); }
    // Closes who is silent, pings who is due.
    void sweep(base::time_point now) { table_.sweep(now); }
    void on_relay_round(base::time_point now) { table_.on_relay_round(now); }
    [[nodiscard]] std::optional<base::time_point> next_deadline() const {
        return table_.next_deadline();
    }

    [[nodiscard]] session* find(std::string_view sid) noexcept { return table_.find(sid); }
    [[nodiscard]] std::size_t session_count() const noexcept { return table_.size(); }
    [[nodiscard]] std::size_t queued_bytes();
    // From now on a new session is refused with 503.
    void refuse_new_sessions() noexcept { accepting_ = false; }
    void close_all(close_reason reason, base::time_point now);

    [[nodiscard]] const config& options() const noexcept { return options_; }

private:
    void answer_options(const http_request& request, http_exchange& exchange) const;
    session&
    open(const http_request& request, std::shared_ptr<transport> carrier, base::time_point now);
    [[nodiscard]] bool full() const noexcept;

    const config options_;
    handler& above_;
    base::sid_source& sids_;
    session_table table_;
    session_context context_;
    bool accepting_ = true;
};

} // namespace eio
