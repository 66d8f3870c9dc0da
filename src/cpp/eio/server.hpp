// The Engine.IO server of one shard: routes requests to sessions, answers what is wrong with
// them, keeps their deadlines. Belongs to the shard's thread.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/shared_count.hpp"
#include "base/sid.hpp"
#include "eio/config.hpp"
#include "eio/door_interest.hpp"
#include "eio/door_question.hpp"
#include "eio/gate.hpp"
#include "eio/handler.hpp"
#include "eio/http.hpp"
#include "eio/request_check.hpp"
#include "eio/session_names.hpp"
#include "eio/session_table.hpp"
#include "eio/transport.hpp"
#include "eio/wire_log.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace eio {

// Leave to open a WebSocket, given before the 101 is written and used up right after it.
struct websocket_ticket {
    std::optional<base::sid> upgrade_of{}; // the session to upgrade; else a new one
    std::optional<base::sid> opens{};      // the sid of a new one that has waited for its verdict
    std::vector<http_header> headers{};    // of the 101, that came with the verdict
};

// Neither leave nor a refusal: the application decides, see await_verdict().
struct verdict_needed {};

// What the shard arranges.
struct server_hooks {
    std::function<void()> schedule_flush; // run flush() when this turn of the loop ends
    std::function<void()> ask_relay;      // call on_relay_round() when the application's loop has
                                          // come round
    // As door_interest wants it. False when so many questions wait for the application that this
    // one must not be asked.
    std::function<bool()> may_ask{};
    std::function<void(door_question&&)> ask_application{};
    std::function<void(const base::sid&)> tell_withdrawn{}; // the verdict is for nobody any more
    std::function<void(refused_request&&)> tell_refused{};
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

    // A WebSocket handshake: a refusal to send, or leave to go on, or that the door is to
    // await_verdict().
    [[nodiscard]] std::variant<http_response, websocket_ticket, verdict_needed>
    admit_websocket(const http_request& request);
    // For a handshake that needs one: the exchange is told what becomes of it. At the bound, and
    // when there has been no verdict for `verdict_timeout`, it is refused with 503.
    void await_verdict(
        http_request request, std::shared_ptr<http_exchange> exchange, base::time_point now);
    // The handshake is done and `connection` may send. Returns the session it serves; nothing (and
    // the connection closed) if the session to upgrade is gone or taken by now.
    std::optional<base::sid> attach_websocket(
        const websocket_ticket& ticket,
        const http_request& request,
        std::shared_ptr<transport> connection,
        base::time_point now);

    // A session of this name whose client has come to another shard, and which is carried by the
    // one that it has opened there.
    void open_carried(
        const base::sid& sid,
        const http_request& request,
        std::shared_ptr<transport> carrier,
        base::time_point now);

    void set_interest(door_interest wanted) noexcept { interest_ = wanted; }
    // The verdict on a request that waits; nothing happens when it does not. `headers` are added
    // to the answer; `name`, of a new session, as in raw_server.
    void admit(
        std::string_view sid,
        std::string name,
        base::time_point now,
        std::vector<http_header>&& headers = {});
    void refuse(std::string_view sid, int status, std::string body);
    // False when no such one waits.
    bool queue_for_applicant(std::string_view sid, packet&& outgoing);
    void forget_name(const base::sid& sid) noexcept { names_.remove(sid); }

    // Sends what the turn has queued, for some hundred sessions at a time.
    void flush(base::time_point now) { table_.flush(now); }
    // Whether flush() has more to send or to free.
    [[nodiscard]] bool unfinished() const noexcept { return table_.unfinished(); }
    // Closes who is silent, pings who is due, refuses who has waited for too long.
    void sweep(base::time_point now);
    void on_relay_round(base::time_point now) { table_.on_relay_round(now); }
    [[nodiscard]] std::optional<base::time_point> next_deadline() const;
    // Whether somebody waits for such rounds.
    [[nodiscard]] bool awaits_relay() const noexcept { return table_.awaits_relay(); }

    [[nodiscard]] session* find(std::string_view sid) noexcept { return table_.find(sid); }
    // The request that opened a session, or that waits for its verdict.
    [[nodiscard]] std::optional<http_request> request_of(std::string_view sid);
    [[nodiscard]] std::vector<std::string> sids();
    [[nodiscard]] std::size_t session_count() const noexcept { return table_.size(); }
    [[nodiscard]] std::size_t queued_bytes();
    // Those that have something yet to send, and how many bytes: at most `most`, the largest first.
    [[nodiscard]] std::vector<std::pair<std::string, std::size_t>> slowest(std::size_t most);
    // Of all its sessions, also of those that have closed.
    [[nodiscard]] const traffic& counted() const noexcept { return context_.counted; }
    // From now on a new session is refused with 503.
    void refuse_new_sessions() noexcept { accepting_ = false; }
    void close_all(close_reason reason, base::time_point now);

    [[nodiscard]] const config& options() const noexcept { return options_; }

private:
    void answer_options(const http_request& request, http_exchange& exchange);
    // The answer to a request that is refused, which is also logged.
    [[nodiscard]] http_response
    refuse(const http_request& request, const request_query& query, const request_refusal& why);
    // The session that a request by long polling is for.
    [[nodiscard]] std::variant<session*, request_refusal>
    find_polling(const http_request& request, const request_query& query);
    void serve_polling(
        session& of,
        const http_request& request,
        std::string_view body,
        std::shared_ptr<http_exchange> exchange,
        base::time_point now,
        std::vector<http_header>&& headers = {});
    // Two requests at once of which a session may have one: it ends.
    void fail_second(
        session& of, const http_request& request, http_exchange& exchange, base::time_point now);
    // With the headers that any answer to a poll has, and these.
    [[nodiscard]] http_response
    poll_reply(const http_request& request, std::vector<http_header>&& headers) const;
    void open_polling(
        const http_request& request,
        std::shared_ptr<http_exchange> exchange,
        const base::sid& sid,
        base::time_point now,
        std::vector<http_header>&& headers = {});
    session& open(
        const http_request& request,
        std::shared_ptr<transport> carrier,
        const base::sid& sid,
        base::time_point now);
    [[nodiscard]] http_response
    refusal(const http_request& request, int status, std::string_view why) const;
    [[nodiscard]] session* find_named(std::string_view name) noexcept {
        return find(names_.sid_of(name));
    }
    [[nodiscard]] bool full() const noexcept;
    [[nodiscard]] std::string_view why_full() const noexcept;
    [[nodiscard]] bool decides() const noexcept { return interest_.decides || above_.decides(); }

    // server_verdicts.cpp
    // `of`: the session that it is for, unless it asks for one.
    void
    ask(errand what,
        session* of,
        http_request&& request,
        std::shared_ptr<http_exchange> exchange,
        base::time_point now);
    void ask_about(
        session& of,
        http_request&& request,
        std::shared_ptr<http_exchange> exchange,
        base::time_point now);
    void open_for(
        applicant& admitted,
        std::string&& name,
        std::vector<http_header>&& headers,
        base::time_point now);
    void go_on(applicant& admitted, std::vector<http_header>&& headers, base::time_point now);
    // It is out of the gate, unserved: its session does not wait for it any more.
    void abandon(applicant& leaving);
    // The same, and the application need not answer.
    void withdraw(applicant& leaving);
    void on_applicant_gone(applicant& gone, base::time_point now);
    // The layer above decides about it, not a hook of the application's.
    [[nodiscard]] bool is_for_layer_above(errand what) const noexcept {
        return what == errand::open && !interest_.decides;
    }
    void refuse_late(applicant& late);

    const config options_;
    handler& above_;
    base::sid_source& sids_;
    session_table table_;
    session_context context_;
    const config carried_options_; // the wire log has their packets already
    session_context carried_context_;
    gate gate_;
    session_names names_;
    std::function<void()> schedule_flush_;
    std::function<bool()> may_ask_;
    std::function<void(door_question&&)> ask_application_;
    std::function<void(const base::sid&)> tell_withdrawn_;
    std::function<void(refused_request&&)> tell_refused_;
    door_interest interest_;
    refusal_log refusals_;
    bool accepting_ = true;
};

} // namespace eio
