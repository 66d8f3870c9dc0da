// The Socket.IO server of one shard: owns clients and namespaces, carries out what the
// application asks, tells it what happened. Belongs to the shard's thread.
// Socket.IO v5; behaviour as python-socketio's AsyncServer.
#pragma once

#include "base/clock.hpp"
#include "base/countdown.hpp"
#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/sid_set.hpp"
#include "base/string_hash.hpp"
#include "eio/handler.hpp"
#include "eio/http.hpp"
#include "eio/request_head.hpp"
#include "sio/ack_groups.hpp"
#include "sio/client.hpp"
#include "sio/config.hpp"
#include "sio/event.hpp"
#include "sio/interest.hpp"
#include "sio/lender.hpp"
#include "sio/module.hpp"
#include "sio/nsp.hpp"
#include "sio/recovery.hpp"
#include "sio/room_result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sio {

class server final : public eio::handler {
public:
    server(const config& options, event_sink& sink, base::log_sink& log, base::sid_source& sids);
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    [[nodiscard]] const config& options() const noexcept { return options_; }
    // Before the first client; it must be there as long as there are any. Of a server whose packets
    // are JSON alone.
    void use(module& first_asked) noexcept { module_ = &first_asked; }
    // Before the first client, where there are several shards.
    void use(siblings& others);

    // --- what the application asks ---
    void set_interest(interest wanted) { interest_ = std::move(wanted); }
    // Encoded once, queued for each. A token other than 0 asks every receiver for an ack. `parts`:
    // of an emit that goes to several shards; the last of them tells that no more acks will come.
    void emit(
        std::string_view nsp,
        const selection& whom,
        const arguments& args,
        ack_token token,
        base::countdown parts = {});
    void forget_token(ack_token token);
    // For the module, which is told the answer. `question` is less than `modules_token`.
    void
    ask(std::string_view sid, std::string_view nsp, const arguments& args, std::uint64_t question);
    void
    send_ack(std::string_view sid, std::string_view nsp, std::uint64_t id, const arguments& args);
    // An event that a module has held back takes its way again, past the modules.
    void repeat(
        std::string_view sid,
        std::string_view nsp,
        std::string_view event,
        std::optional<std::uint64_t> id,
        arguments&& args);
    // `ready`: in a custom format the packet that the client is sent, see sio::arguments.
    void accept(std::string_view sid, std::string_view nsp, std::string_view ready = {});
    // `reason`: the data of CONNECT_ERROR; in a custom format the packet.
    void refuse(std::string_view sid, std::string_view nsp, std::string_view reason);
    void disconnect(std::string_view sid, std::string_view nsp, std::string_view ready = {});
    void disconnect_done(std::string_view sid, std::string_view nsp);

    [[nodiscard]] room_result
    enter_room(std::string_view sid, std::string_view nsp, std::string_view room);
    void leave_room(std::string_view sid, std::string_view nsp, std::string_view room);
    [[nodiscard]] room_result close_room(std::string_view room, std::string_view nsp);
    // From now on the application gets a room_event for each room that a connected client comes
    // into or leaves, its own at first and those of users never. Returns who is where: by
    // namespace, the rooms but those of a client alone.
    [[nodiscard]] std::vector<std::pair<std::string, room_figures>> watch_rooms();

    // --- and where the format is custom: what it has found in a frame_event ---
    // The client connects. False: it may not, and nobody has told it. Else a connect_event follows.
    [[nodiscard]] bool join(std::string_view eio_sid, std::string_view nsp);
    // The client disconnects.
    void leave(std::string_view eio_sid, std::string_view nsp);
    // The client answers the emit that had this token, which is the ack id of the packet as well.
    // False: it has not been asked, or has answered before.
    [[nodiscard]] bool take_ack(std::string_view sid, std::string_view nsp, ack_token token);
    void send_frame(std::string_view eio_sid, std::string_view ready);
    // The client breaks the protocol: logs why, and closes its session.
    void fail(std::string_view eio_sid, std::string_view why, base::time_point now);

    // --- what the application wants to know ---
    [[nodiscard]] const socket* find(std::string_view sid, std::string_view nsp) const;
    [[nodiscard]] const socket*
    find_of_session(std::string_view eio_sid, std::string_view nsp) const;
    [[nodiscard]] std::vector<std::string> rooms(std::string_view sid, std::string_view nsp) const;
    [[nodiscard]] std::vector<std::pair<std::string, std::string>>
    participants(std::string_view nsp, const selection& whom);
    // Whether a socket has this name, or has had it and may come back.
    [[nodiscard]] bool is_sid(std::string_view name, std::string_view nsp) const noexcept;
    // The sids of those that are away and may come back.
    [[nodiscard]] std::vector<std::string> away(std::string_view nsp, const selection& whom) const;
    // Nothing without the option.
    [[nodiscard]] std::optional<recovery_figures> recovery_counted() const;
    // The members of a room on this shard, or of the whole namespace.
    [[nodiscard]] std::size_t
    room_size(std::string_view nsp, const std::optional<std::string>& room) const;
    // Of each room of a namespace but those of a socket or user alone, without a look at members.
    [[nodiscard]] std::vector<room_figures> room_counts(std::string_view nsp) const;
    [[nodiscard]] std::vector<std::string> namespaces() const;
    // A socket's own room, named by its sid, among them; those of users are not.
    [[nodiscard]] std::vector<std::string> room_names(std::string_view nsp) const;
    // The request that opened a session which has closed, while one of its disconnect handlers, or
    // of its connect handlers, still runs.
    [[nodiscard]] std::optional<eio::http_request>
    request_of_closed(std::string_view eio_sid) const;
    // The sessions that are open or have such a handler.
    [[nodiscard]] std::vector<std::string> sessions() const;
    [[nodiscard]] std::size_t socket_count() const noexcept;
    // Of each namespace that has any.
    [[nodiscard]] std::vector<std::pair<std::string, std::size_t>> socket_counts() const;
    [[nodiscard]] std::size_t room_count() const noexcept;
    // How many packets its emits have queued so far, one for each receiver.
    [[nodiscard]] std::uint64_t deliveries() const noexcept { return deliveries_; }
    // Volatile events that a client did not get, as others wait for it to read.
    [[nodiscard]] std::uint64_t volatile_dropped() const noexcept { return volatile_dropped_; }

    // --- deadlines: of sessions that join no namespace ---
    // And of clients that are away for too long.
    void sweep(base::time_point now);
    [[nodiscard]] std::optional<base::time_point> next_deadline() const;

    // --- eio::handler ---
    void on_open(eio::session& opened, base::time_point now) override;
    void on_message(
        eio::session& from, std::string_view data, bool binary, base::time_point now) override;
    void on_close(eio::session& closed, eio::close_reason reason, base::time_point now) override;
    void on_ping(eio::session& asked) override;
    void on_pong(eio::session& alive) override;
    void on_sent(eio::session& to) override;

    // --- of clients that come back to another shard: see lender.hpp ---
    // Whether it has been told this pid, in this namespace.
    [[nodiscard]] bool knows(const base::sid& pid, std::string_view nsp) const;
    // The answer of the shard that siblings::ask() has asked.
    void on_known(eio::session& asked, bool known, base::time_point now);

    // --- called by clients ---
    // Of a custom format, not decoded.
    void on_frame(client& from, std::string_view data, bool binary);
    // False: it may not join.
    [[nodiscard]] bool on_connect(client& from, std::string_view nsp, std::string_view auth);
    void on_client_disconnect(socket& leaving);
    void on_event(
        socket& from, std::string_view event, std::optional<std::uint64_t> id, arguments&& args);
    void on_ack(socket& from, std::uint64_t id, arguments&& args);
    void warn(std::string text);

private:
    // Of tokens: the answer is the module's. The application counts up from 1, and has no such.
    static constexpr ack_token modules_token = ack_token{1} << 63;

    struct closed_session {
        eio::request_head request;
        std::size_t unfreed_sockets;
    };

    [[nodiscard]] nsp* find_nsp(std::string_view name) const noexcept;
    [[nodiscard]] socket* find_socket(std::string_view sid, std::string_view nsp) const noexcept;
    [[nodiscard]] bool custom() const noexcept { return options_.format == packet_format::custom; }
    void receive(client& from, std::string_view data, bool binary, base::time_point now);
    void fail(eio::session& broken, const mistake& made, base::time_point now);
    // Counts either way.
    [[nodiscard]] bool takes(const socket& to, const selection& whom) noexcept;
    void ask_application(socket& joined, std::string_view auth);
    void let_in(socket& joined);
    void send_connect(socket& to, std::string_view ready);
    // Out of its client, silent, and the application is told; freed by disconnect_done().
    void start_leaving(socket& leaving, eio::close_reason reason, bool by_server);
    void remove(socket& gone);
    void tell_it_left(socket& leaving);
    void tell_of_room(const socket& who, std::string_view room, bool joined);
    void tell_of_rooms(const socket& who, bool joined);
    void on_freed(const base::sid& eio_sid);
    void finish_acks(socket& gone);

    // --- who may come back: server_recovery.cpp ---
    void emit_kept(std::string_view nsp, const selection& whom, const arguments& args);
    // Of one that joins. True: it waits, and the application hears of it later, if at all.
    [[nodiscard]] bool follow(client& from, socket& joined, std::string_view auth);
    [[nodiscard]] trail* find_trail(const claim& claimed, std::string_view nsp) const noexcept;
    // Nothing of its last socket is left: it is that one again, if it can be.
    void resume(trail& of);
    void send_missed(socket& to);
    // It leaves, and may come back when its session has closed. True: it was waiting, and is freed.
    [[nodiscard]] bool part(socket& leaving, eio::close_reason reason, base::time_point now);
    [[nodiscard]] bool forget(socket& leaving);
    void give_up(trail& of);
    // When a socket has been freed.
    void after_removal(const base::sid& sid, const std::string& nsp, bool told_kept);
    void tell_step(recovery_step step, const base::sid& sid, const std::string& nsp);

    const config options_;
    event_sink& sink_;
    base::log_sink& log_;
    base::sid_source& sids_;
    module* module_ = nullptr;
    interest interest_;
    base::sid_set<client, &client::sid> clients_;       // by the session's sid
    base::sid_map<closed_session> closed_;              // whose sockets' handlers still run
    base::string_map<std::unique_ptr<nsp>> namespaces_; // those that have been joined
    std::unique_ptr<recovery> recovery_;                // null when it is off
    std::unique_ptr<lender> lender_;                    // null when it is, or there is one shard
    ack_groups ack_groups_;
    std::uint64_t deliveries_ = 0;
    std::uint64_t volatile_dropped_ = 0;
    bool watches_rooms_ = false;
    // Sessions that have joined no namespace yet.
    base::deadline_queue<client, &client::joins_by> joining_;
};

} // namespace sio
