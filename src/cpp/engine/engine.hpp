// The engine as its owner sees it: commands go in, notifications come out, from any thread.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/sid.hpp"
#include "eio/close_reason.hpp"
#include "eio/door_interest.hpp"
#include "eio/http.hpp"
#include "eio/packet.hpp"
#include "eio/raw_server.hpp"
#include "engine/admin.hpp"
#include "engine/config.hpp"
#include "engine/shard.hpp"
#include "engine/shards.hpp"
#include "net/asgi_id.hpp"
#include "net/descriptor.hpp"
#include "sio/event.hpp"
#include "sio/interest.hpp"
#include "sio/nsp.hpp"
#include "sio/room_result.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine {

struct statistics {
    std::size_t sessions = 0;
    std::size_t sockets = 0;
    std::size_t rooms = 0;       // each once for every shard that has a member
    std::size_t connections = 0; // the engine's own sockets
    std::size_t queued_bytes = 0;
};

// Events of one session that the application has dealt with.
struct handled {
    base::sid eio_sid;
    std::size_t events = 0;
};

// At once, or as soon as their peers have been sent what is queued.
enum class closing : std::uint8_t { at_once, when_sent };

// A set of shards: bit n is shard n.
using shard_set = std::uint64_t;
static_assert(base::max_shards <= 64);

// Commands are dropped, and questions answered as if nobody were connected, while it does not run.
// Commands and questions of one thread are carried out in their order: what concerns one session or
// socket by the shard that it is on, what concerns rooms or everybody by each shard.
class engine {
public:
    explicit engine(config options); // throws std::invalid_argument
    ~engine();
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;

    void start();
    void close(std::chrono::milliseconds patience);
    [[nodiscard]] bool running() const;
    // In a forked child, where the thread does not exist: never touched again, not even freed.
    void abandon() noexcept;
    [[nodiscard]] bool abandoned() const noexcept { return abandoned_.load(); }

    [[nodiscard]] int wake_descriptor() const noexcept;
    // One thread at a time. Clears the descriptor, takes all there is.
    void drain(std::vector<notification>& into);
    // Makes the descriptor readable again: something was taken and not yet used.
    void wake_reader() noexcept;

    // Around many commands in a row, see shard::begin_burst().
    void begin_burst(first_post first);
    void end_burst();

    // --- commands ---
    void set_interest(sio::interest wanted);
    // The one command that an application can give without end. True when more than 32 MiB of what
    // has been posted are still to be done by one shard: then wait_for_room() before the next.
    bool emit(std::string nsp, sio::selection whom, sio::arguments args, sio::ack_token token);
    void wait_for_room();
    void forget_token(sio::ack_token token);
    void send_ack(base::sid sid, std::string nsp, std::uint64_t id, sio::arguments args);
    // `ready`, and `reason`: see sio::server.
    void accept(std::string sid, std::string nsp, std::string ready = {});
    void refuse(std::string sid, std::string nsp, std::string reason);
    void disconnect(std::string sid, std::string nsp, std::string ready = {});
    void disconnect_done(std::string sid, std::string nsp);
    void events_done(std::vector<handled> done);
    void close_session(std::string eio_sid);
    void close_sessions(std::vector<std::string> eio_sids, eio::close_reason why, closing how);
    void leave_room(std::string sid, std::string nsp, std::string room);
    // New sessions are refused with 503; those that are open go on.
    void stop_accepting();
    void stop_listening();
    // `asked`: those whose relay_check has been drained.
    void relay_checked(shard_set asked);
    // The answer to an origin_question.
    void origin_judged(unsigned shard, std::uint64_t question, bool allowed);

    // --- requests ---
    void set_door_interest(eio::door_interest wanted);

    // --- of a raw engine, see eio::raw_server; verdicts are for any one that asks for them ---
    void set_raw_interest(eio::raw_interest wanted);
    // `closes`: after what has been sent to it so far. `headers` are added to the answer. One whose
    // client has gone is told as closed.
    void admit_session(
        std::string eio_sid,
        std::string name,
        bool closes,
        std::vector<eio::http_header> headers = {});
    // Let the request of a door_question that opens no session go on; `headers` are added to its
    // answer.
    void admit_request(std::string id, std::vector<eio::http_header> headers);
    void refuse_session(std::string eio_sid, int status, std::string body);
    // Of any engine. True as of emit().
    bool send_packet(std::string eio_sid, eio::packet outgoing);

    // --- questions: the caller waits, some tens of microseconds ---
    [[nodiscard]] sio::room_result
    enter_room(std::string_view sid, std::string_view nsp, std::string_view room);
    [[nodiscard]] sio::room_result close_room(std::string_view room, std::string_view nsp);
    [[nodiscard]] std::vector<std::string> rooms(std::string_view sid, std::string_view nsp);
    [[nodiscard]] std::vector<std::pair<std::string, std::string>>
    participants(std::string_view nsp, const sio::selection& whom);
    // Those of the sids that an emit to the selection is for, in no order.
    [[nodiscard]] std::vector<std::string> receivers(
        std::string_view nsp, const sio::selection& whom, const std::vector<std::string>& among);
    // The sids of those that are away and may come back.
    [[nodiscard]] std::vector<std::string> away(std::string_view nsp, const sio::selection& whom);
    // How many they are: of a room, or of the whole namespace.
    [[nodiscard]] std::size_t
    room_size(std::string_view nsp, const std::optional<std::string>& room);
    [[nodiscard]] bool in_room(std::string_view sid, std::string_view nsp, std::string_view room);
    [[nodiscard]] std::vector<std::string> namespaces();
    [[nodiscard]] std::vector<std::string> room_names(std::string_view nsp);
    [[nodiscard]] bool is_connected(std::string_view sid, std::string_view nsp);
    [[nodiscard]] std::optional<std::string> eio_sid(std::string_view sid, std::string_view nsp);
    [[nodiscard]] std::optional<std::string> sid(std::string_view eio_sid, std::string_view nsp);
    [[nodiscard]] std::optional<std::string> transport(std::string_view eio_sid);
    // By which door its transport has come.
    [[nodiscard]] std::optional<std::string> transport_path(std::string_view eio_sid);
    // Of an open session, of one whose connect or disconnect handlers still run, and of one that
    // waits to be admitted.
    [[nodiscard]] std::optional<eio::http_request> request_head(std::string_view eio_sid);
    // Those that have a request_head(); of a raw engine those that are open.
    [[nodiscard]] std::vector<std::string> sessions();
    [[nodiscard]] statistics stats();
    [[nodiscard]] admin_statistics admin_stats();
    // Those of the sids that are in the namespace, in no order; ask for some hundred at a time, as
    // each shard looks for all of them.
    [[nodiscard]] std::vector<socket_details>
    describe(std::string_view nsp, const std::vector<std::string>& sids);
    // What a session has yet to send.
    [[nodiscard]] std::optional<std::size_t> queued_bytes(std::string_view eio_sid);
    // The sessions with most yet to send, and how many bytes: largest first.
    [[nodiscard]] std::vector<std::pair<std::string, std::size_t>> slowest(std::size_t most);
    // Returns when all that this thread has posted has been carried out.
    void catch_up();
    // Throws std::system_error when the address cannot be had, std::logic_error when
    // the engine does not run.
    [[nodiscard]] std::pair<std::string, std::uint16_t>
    listen(const std::string& host, std::uint16_t port, const std::string& path);

    // --- time, for tests ---
    // The time of sessions stands still: nothing is due any more but what pass_time() gets to.
    void hold_time();
    void release_time();
    // Moves it on to the next deadline of a session, or by `most` if that is sooner, and does what
    // is due then. Returns by how much.
    base::clock::duration pass_time(base::clock::duration most);
    // What has been posted is carried out, what follows from it has been sent and drained, and
    // nothing waits for a relay.
    [[nodiscard]] bool settled();

    // --- custom packets: see sio::server ---
    [[nodiscard]] bool join(std::string_view eio_sid, std::string_view nsp);
    void leave(std::string eio_sid, std::string nsp);
    [[nodiscard]] bool take_ack(std::string_view sid, std::string_view nsp, sio::ack_token token);
    void send_frame(std::string eio_sid, std::string ready);
    void fail_session(std::string eio_sid, std::string why);

    // --- the ASGI door ---
    // What is given no id, 0, gets no answer either: the engine does not run. Else there is one,
    // unless the engine ends before.
    [[nodiscard]] net::asgi_id http_begin(eio::http_request head);
    // `begun` is what http_begin() gave for it, or 0.
    [[nodiscard]] net::asgi_id http_request(net::asgi_id begun, eio::http_request request);
    void http_abort(net::asgi_id exchange);
    [[nodiscard]] net::asgi_id ws_open(eio::http_request request);
    void ws_receive(net::asgi_id connection, std::string data, bool binary);
    void ws_sent(net::asgi_id connection, std::size_t bytes);
    void ws_closed(net::asgi_id connection, bool failed);
    void abort_bridged();

    // A WebSocket handshake that another server has read. With `report` an `adopted` that has the
    // returned id follows, if it is not 0.
    net::asgi_id adopt(net::descriptor peer, eio::http_request handshake, bool report);

    // --- for the faces of features, which have commands and questions of their own ---
    // Null while it does not run.
    [[nodiscard]] std::shared_ptr<shards> current() const;
    [[nodiscard]] unsigned threads() const noexcept { return options_.threads; }
    // Adds a feature to each shard, when it runs and whenever it starts again.
    void install(std::function<void(shard_context&)> feature);
    // Where their shards leave notifications of their own.
    [[nodiscard]] const std::shared_ptr<outbox>& out() const noexcept { return out_; }

private:
    [[nodiscard]] unsigned owner(std::string_view sid) const noexcept;
    // As shards::host_of().
    [[nodiscard]] unsigned host(std::string_view eio_sid) const;
    [[nodiscard]] unsigned home_of(const eio::http_request& request) const;
    // The shards on which somebody may be selected; at least one.
    [[nodiscard]] shard_set reach(const shards& in, const sio::selection& whom) const;
    [[nodiscard]] bool emit_to_several(
        shards& to,
        shard_set reached,
        std::string nsp,
        sio::selection whom,
        sio::arguments args,
        sio::ack_token token);
    bool post(unsigned shard, shard_task&& task, urgency how = urgency::in_burst);
    template <class Command>
    void post_all(const Command& command);
    template <class Question>
    auto ask(unsigned shard, Question question);
    // The answers of each in a row.
    template <class Question>
    auto ask_all(Question question);
    [[nodiscard]] net::asgi_id new_id(unsigned shard) noexcept;
    [[nodiscard]] unsigned shard_of(net::asgi_id id) const noexcept;

    const config options_;
    std::shared_ptr<outbox> out_;
    mutable std::mutex mutex_; // guards the four below
    std::shared_ptr<shards> shards_;
    sio::interest interest_; // given to each shard that starts, as the other is
    eio::raw_interest raw_interest_;
    eio::door_interest door_interest_;
    std::vector<std::function<void(shard_context&)>> installed_;
    std::atomic<net::asgi_id> next_id_ = 1;
    std::atomic<bool> abandoned_ = false;
};

template <class Command>
void engine::post_all(const Command& command) {
    if (const auto to = current())
        for (unsigned each = 0; each < to->count(); ++each)
            (*to)[each].post(command);
}

} // namespace engine
