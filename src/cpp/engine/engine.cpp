#include "engine/engine.hpp"

#include "eio/server.hpp"
#include "eio/session.hpp"
#include "net/descriptor.hpp"
#include "sio/server.hpp"

#include <stdexcept>
#include <type_traits>

namespace engine {

engine::engine(config options) : options_(std::move(options)), out_(std::make_shared<outbox>()) {}

engine::~engine() {
    if (!abandoned())
        close(std::chrono::milliseconds::zero());
}

void engine::start() {
    const std::lock_guard lock(mutex_);
    if (shard_)
        return;
    shard_ = std::make_shared<shard>(options_, out_);
    shard_->post([wanted = interest_](shard_context& in) { in.sio().set_interest(wanted); });
}

void engine::close(std::chrono::milliseconds patience) {
    std::shared_ptr<shard> ending;
    {
        const std::lock_guard lock(mutex_);
        ending = std::exchange(shard_, nullptr);
    }
    if (ending)
        ending->stop(patience);
}

void engine::abandon() noexcept {
    if (abandoned_.exchange(true))
        return;
    // The mutex may have been held by a thread that is not here: it is not taken. The shard's
    // memory is left as it is: its thread was in the middle of something.
    new std::shared_ptr<shard>(std::move(shard_));
}

bool engine::running() const {
    return current() != nullptr;
}

std::shared_ptr<shard> engine::current() const {
    if (abandoned())
        return nullptr; // the mutex may be held by a thread that stayed with the parent
    const std::lock_guard lock(mutex_);
    return shard_;
}

void engine::drain(std::vector<notification>& into) {
    out_->wake.clear(); // before the box is emptied: what comes after signals again
    out_->box.take(into);
}

void engine::begin_burst(first_post first) {
    if (const auto to = current())
        to->begin_burst(first);
}

bool engine::in_burst() const {
    const auto to = current();
    return to && to->in_burst();
}

void engine::end_burst() {
    if (const auto to = current())
        to->end_burst();
}

void engine::post(shard_task&& task, urgency how) {
    if (const auto to = current())
        to->post(std::move(task), how);
}

// A question that is never run, because there is no shard or it stops, has the empty answer.
template <class Question>
auto engine::ask(Question question) {
    using answer = std::invoke_result_t<Question, shard_context&>;
    const auto to = current();
    if (!to)
        return answer{};
    std::promise<answer> promise;
    auto future = promise.get_future();
    to->post(
        [&question, promise = std::move(promise)](shard_context& in) mutable {
            try {
                promise.set_value(question(in));
            } catch (...) {
                promise.set_exception(std::current_exception());
            }
        },
        urgency::now);
    try {
        return future.get();
    } catch (const std::future_error&) {
        return answer{};
    }
}

// --- commands ---

void engine::set_interest(sio::interest wanted) {
    {
        const std::lock_guard lock(mutex_);
        interest_ = wanted;
    }
    post([wanted = std::move(wanted)](shard_context& in) mutable {
        in.sio().set_interest(std::move(wanted));
    });
}

void engine::emit(std::string nsp, sio::selection whom, sio::arguments args, sio::ack_token token) {
    if (token != 0 && !running()) { // whoever waits for acks must hear that none will come
        out_->post(sio::acks_done_event{token});
        return;
    }
    post([nsp = std::move(nsp), whom = std::move(whom), args = std::move(args), token](
             shard_context& in) { in.sio().emit(nsp, whom, args, token); });
}

void engine::forget_token(sio::ack_token token) {
    post([token](shard_context& in) { in.sio().forget_token(token); });
}

void engine::send_ack(base::sid sid, std::string nsp, std::uint64_t id, sio::arguments args) {
    post([sid, nsp = std::move(nsp), id, args = std::move(args)](shard_context& in) {
        in.sio().send_ack(sid, nsp, id, args);
    });
}

void engine::accept(std::string sid, std::string nsp) {
    post([sid = std::move(sid), nsp = std::move(nsp)](shard_context& in) {
        in.sio().accept(sid, nsp);
    });
}

void engine::refuse(std::string sid, std::string nsp, std::string reason) {
    post([sid = std::move(sid), nsp = std::move(nsp), reason = std::move(reason)](
             shard_context& in) { in.sio().refuse(sid, nsp, reason); });
}

void engine::disconnect(std::string sid, std::string nsp) {
    post([sid = std::move(sid), nsp = std::move(nsp)](shard_context& in) {
        in.sio().disconnect(sid, nsp);
    });
}

void engine::disconnect_done(std::string sid, std::string nsp) {
    post([sid = std::move(sid), nsp = std::move(nsp)](shard_context& in) {
        in.sio().disconnect_done(sid, nsp);
    });
}

void engine::events_done(std::vector<handled> done) {
    post([done = std::move(done)](shard_context& in) {
        const auto now = in.now();
        for (const auto& [eio_sid, events] : done)
            in.sio().events_done(eio_sid, events, now);
    });
}

void engine::close_session(std::string eio_sid) {
    post([eio_sid = std::move(eio_sid)](shard_context& in) {
        in.sio().close_session(eio_sid, in.now());
    });
}

void engine::leave_room(std::string sid, std::string nsp, std::string room) {
    post([sid = std::move(sid), nsp = std::move(nsp), room = std::move(room)](shard_context& in) {
        in.sio().leave_room(sid, nsp, room);
    });
}

void engine::stop_listening() {
    post([](shard_context& in) { in.stop_listening(); });
}

void engine::relay_checked() {
    post([](shard_context& in) { in.relay_checked(); });
}

// --- questions ---

sio::room_result
engine::enter_room(std::string_view sid, std::string_view nsp, std::string_view room) {
    if (!running())
        return sio::room_result::unknown_namespace;
    return ask([=](shard_context& in) { return in.sio().enter_room(sid, nsp, room); });
}

sio::room_result engine::close_room(std::string_view room, std::string_view nsp) {
    return ask([=](shard_context& in) { return in.sio().close_room(room, nsp); });
}

std::vector<std::string> engine::rooms(std::string_view sid, std::string_view nsp) {
    return ask([=](shard_context& in) { return in.sio().rooms(sid, nsp); });
}

std::vector<std::pair<std::string, std::string>>
engine::participants(std::string_view nsp, const sio::selection& whom) {
    return ask([nsp, &whom](shard_context& in) { return in.sio().participants(nsp, whom); });
}

std::vector<std::string> engine::namespaces() {
    return ask([](shard_context& in) { return in.sio().namespaces(); });
}

std::vector<std::string> engine::room_names(std::string_view nsp) {
    return ask([=](shard_context& in) { return in.sio().room_names(nsp); });
}

bool engine::is_connected(std::string_view sid, std::string_view nsp) {
    return ask([=](shard_context& in) {
        const auto* found = in.sio().find(sid, nsp);
        return found && found->state == sio::socket_state::connected;
    });
}

std::optional<std::string> engine::eio_sid(std::string_view sid, std::string_view nsp) {
    return ask([=](shard_context& in) {
        const auto* found = in.sio().find(sid, nsp);
        return found ? std::optional(found->eio_sid.str()) : std::nullopt;
    });
}

std::optional<std::string> engine::sid(std::string_view eio_sid, std::string_view nsp) {
    return ask([=](shard_context& in) {
        const auto* found = in.sio().find_of_session(eio_sid, nsp);
        return found ? std::optional(found->sid.str()) : std::nullopt;
    });
}

std::optional<std::string> engine::transport(std::string_view eio_sid) {
    return ask([=](shard_context& in) -> std::optional<std::string> {
        const auto* found = in.eio().find(eio_sid);
        if (!found)
            return std::nullopt;
        return std::string(eio::to_string(found->transport_in_use()));
    });
}

std::optional<std::string> engine::transport_path(std::string_view eio_sid) {
    return ask([=](shard_context& in) -> std::optional<std::string> {
        const auto* found = in.eio().find(eio_sid);
        if (!found)
            return std::nullopt;
        return std::string(eio::to_string(found->came_by()));
    });
}

std::optional<eio::http_request> engine::request_head(std::string_view eio_sid) {
    return ask([=](shard_context& in) -> std::optional<eio::http_request> {
        if (const auto* found = in.eio().find(eio_sid))
            return found->request();
        return in.sio().request_of_closed(eio_sid);
    });
}

std::vector<std::string> engine::sessions() {
    return ask([](shard_context& in) { return in.sio().sessions(); });
}

statistics engine::stats() {
    return ask([](shard_context& in) {
        return statistics{
            .sessions = in.eio().session_count(),
            .sockets = in.sio().socket_count(),
            .rooms = in.sio().room_count(),
            .connections = in.connection_count(),
            .queued_bytes = in.eio().queued_bytes()};
    });
}

void engine::catch_up() {
    ask([](shard_context&) { return true; });
}

std::pair<std::string, std::uint16_t>
engine::listen(const std::string& host, std::uint16_t port, const std::string& path) {
    if (!running())
        throw std::logic_error("the engine does not run");
    return ask([&](shard_context& in) { return in.listen(host, port, path); });
}

// --- the ASGI door ---

net::asgi_id engine::http_begin(eio::http_request head) {
    const auto id = next_id_++;
    post([id, head = std::move(head)](shard_context& in) {
        in.asgi().http_begin(id, head, in.now());
    });
    return id;
}

net::asgi_id engine::http_request(net::asgi_id begun, eio::http_request request) {
    const auto id = begun != 0 ? begun : next_id_++;
    post([id, request = std::move(request)](shard_context& in) mutable {
        in.asgi().http_request(id, std::move(request), in.now());
    });
    return id;
}

void engine::http_abort(net::asgi_id exchange) {
    post([exchange](shard_context& in) { in.asgi().http_abort(exchange, in.now()); });
}

net::asgi_id engine::ws_open(eio::http_request request) {
    const auto id = next_id_++;
    post([id, request = std::move(request)](shard_context& in) mutable {
        in.asgi().ws_open(id, std::move(request), in.now());
    });
    return id;
}

void engine::ws_receive(net::asgi_id connection, std::string data, bool binary) {
    // At once: until the engine has said that it has enough, the bridge reads on.
    post(
        [connection, data = std::move(data), binary](shard_context& in) {
            in.asgi().ws_receive(connection, data, binary, in.now());
        },
        urgency::now);
}

void engine::ws_sent(net::asgi_id connection, std::size_t bytes) {
    post(
        [connection, bytes](shard_context& in) { in.asgi().ws_sent(connection, bytes, in.now()); });
}

void engine::ws_closed(net::asgi_id connection, bool failed) {
    post([connection, failed](shard_context& in) {
        in.asgi().ws_closed(connection, failed, in.now());
    });
}

void engine::abort_bridged() {
    post([](shard_context& in) { in.asgi().abort_all(in.now()); });
}

// --- handed over ---

net::asgi_id engine::adopt(int descriptor, eio::http_request handshake, bool report) {
    const net::asgi_id id = report ? next_id_++ : 0;
    // Owned by the task: one that is never run closes it.
    post([peer = net::descriptor(descriptor), handshake = std::move(handshake), id](
             shard_context& in) mutable { in.adopt(std::move(peer), std::move(handshake), id); });
    return id;
}

} // namespace engine
