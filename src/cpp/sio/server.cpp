#include "sio/server.hpp"

#include "eio/session.hpp"

#include <utility>

namespace sio {

server::server(const config& options, event_sink& sink, base::log_sink& log, base::sid_source& sids)
    : options_(options), sink_(sink), log_(log), sids_(sids) {
    if (options.recovery.on && !custom())
        recovery_ = std::make_unique<recovery>(options.recovery, options.format, sids);
}

void server::warn(std::string text) {
    log_.log(base::log_channel::socketio, base::log_level::warning, std::move(text));
}

nsp* server::find_nsp(std::string_view name) const noexcept {
    const auto found = namespaces_.find(name);
    return found == namespaces_.end() ? nullptr : found->second.get();
}

socket* server::find_socket(std::string_view sid, std::string_view nsp) const noexcept {
    const auto* home = find_nsp(nsp);
    return home ? home->find(sid) : nullptr;
}

// --- sessions ---

void server::on_open(eio::session& opened, base::time_point now) {
    auto& joining = clients_.add(std::make_unique<client>(*this, opened));
    joining.active_at = now;
    joining_.set(joining, now + options_.connect_timeout);
}

void server::on_message(
    eio::session& from, std::string_view data, bool binary, base::time_point now) {
    auto& client = *clients_.find(from.sid());
    if (!lender_ || !lender_->takes(client, data, binary))
        receive(client, data, binary, now);
}

void server::receive(client& from, std::string_view data, bool binary, base::time_point now) {
    from.active_at = now;
    if (const auto wrong = from.on_frame(data, binary))
        fail(from.session(), *wrong, now);
}

void server::fail(eio::session& broken, const mistake& made, base::time_point now) {
    log_.log(
        base::log_channel::socketio,
        base::log_level::error,
        "closing session " + broken.sid().str() + ": " + made.what);
    broken.close(made.reason, now);
}

void server::on_close(eio::session& closed, eio::close_reason reason, base::time_point now) {
    auto& gone = *clients_.find(closed.sid());
    const auto left = gone.sockets();
    for (auto* each : left)
        if (!part(*each, reason, now))
            start_leaving(*each, reason, false);
    joining_.clear(gone);
    const auto unfreed = gone.unfreed_sockets();
    clients_.take(gone);
    if (lender_ && lender_->on_close(closed, reason))
        return; // the other shard tells of its end
    if (unfreed == 0)
        sink_.on_event(session_closed_event{closed.sid()});
    else
        closed_.emplace(closed.sid(), closed_session{closed.take_head(), unfreed});
}

// A socket is gone for good; perhaps it was what a closed session was kept for.
void server::on_freed(const base::sid& eio_sid) {
    if (auto* found = clients_.find(eio_sid))
        return found->on_freed();
    const auto found = closed_.find(eio_sid);
    if (found == closed_.end() || --found->second.unfreed_sockets != 0)
        return;
    closed_.erase(found);
    sink_.on_event(session_closed_event{eio_sid});
}

std::optional<eio::http_request> server::request_of_closed(std::string_view eio_sid) const {
    const auto found = closed_.find(eio_sid);
    return found == closed_.end() ? std::nullopt : std::optional(found->second.request.unpack());
}

std::vector<std::string> server::sessions() const {
    std::vector<std::string> list;
    list.reserve(clients_.size() + closed_.size());
    for (const auto& each : clients_)
        if (!lender_ || !lender_->has_lent(each->sid()))
            list.push_back(each->sid().str());
    for (const auto& [sid, each] : closed_)
        list.push_back(sid.str());
    return list;
}

void server::sweep(base::time_point now) {
    while (auto* late = joining_.take_due(now))
        if (late->sockets().empty() && !(lender_ && lender_->has_lent(late->sid())))
            late->session().close(eio::close_reason::server_disconnect, now);
    if (recovery_)
        while (auto* late = recovery_->late(now))
            give_up(*late);
}

std::optional<base::time_point> server::next_deadline() const {
    auto next = joining_.soonest();
    if (const auto other = recovery_ ? recovery_->next_deadline() : std::nullopt;
        other && (!next || *other < *next))
        next = other;
    return next;
}

// --- joining and leaving a namespace ---

bool server::on_connect(client& from, std::string_view name, std::string_view auth) {
    const auto admitted = module_ ? module_->admits(name) : admission::none;
    if ((admitted == admission::none && !interest_.may_join(name)) ||
        from.unfreed_sockets() >= options_.max_namespaces)
        return false;
    auto found = namespaces_.find(name);
    if (found == namespaces_.end())
        found =
            namespaces_.emplace(std::string(name), std::make_unique<nsp>(std::string(name))).first;
    auto& home = *found->second;
    auto& joined =
        home.add(std::make_unique<socket>(sids_.next(), from.session().sid(), home, &from));
    from.add(joined);
    if (admitted != admission::none) {
        joined.is_modules = true;
        if (admitted == admission::asked)
            module_->on_knock(peer(joined), auth); // and may be refused, and freed, by now
        else
            let_in(joined);
        return true;
    }
    if (!recovery_ || !follow(from, joined, auth))
        ask_application(joined, auth);
    return true;
}

void server::ask_application(socket& joined, std::string_view auth) {
    const auto& name = joined.home.name();
    // A custom CONNECT only the application can make: it is always asked, and first.
    const bool ask = custom() || interest_.wants_connect(name);
    if (!ask || (options_.always_connect && !custom()))
        let_in(joined);
    if (ask)
        sink_.on_event(connect_event{joined.sid, name, joined.eio_sid, std::string(auth)});
}

void server::let_in(socket& joined) {
    joined.state = socket_state::connected;
    send_connect(joined, {});
}

void server::send_connect(socket& to, std::string_view ready) {
    joining_.clear(*to.owner);
    const auto format = options_.format;
    const auto pid = to.followed ? to.followed->pid.view() : std::string_view();
    const auto data = custom() ? std::string(ready) : sid_object(format, to.sid, pid);
    to.owner->send(encode(format, packet_type::connect, to.home.name(), {}, data));
    if (to.followed)
        send_missed(to);
    if (watches_rooms_ && to.owner && !to.is_modules) {
        to.rooms_told = true;
        tell_of_rooms(to, true);
    }
    if (module_ && to.owner) {
        to.has_joined = true;
        module_->on_join(peer(to));
    }
}

void server::tell_it_left(socket& leaving) {
    if (std::exchange(leaving.rooms_told, false))
        tell_of_rooms(leaving, false);
    if (std::exchange(leaving.has_joined, false))
        module_->on_leave(peer(leaving));
}

void server::accept(std::string_view sid, std::string_view nsp, std::string_view ready) {
    auto* accepted = find_socket(sid, nsp);
    if (!accepted || accepted->state != socket_state::pending)
        return;
    accepted->state = socket_state::connected;
    if (accepted->left_while_pending)
        start_leaving(*accepted, *accepted->left_while_pending, false);
    else
        send_connect(*accepted, ready);
}

void server::refuse(std::string_view sid, std::string_view nsp, std::string_view reason) {
    auto* refused = find_socket(sid, nsp);
    if (!refused || refused->state == socket_state::leaving)
        return;
    if (auto* place = recovery_ ? recovery_->find_away(sid, nsp) : nullptr)
        give_up(*place->followed); // it has left while it was asked about
    if (refused->receives()) {
        const auto type = options_.always_connect && !refused->is_modules
                              ? packet_type::disconnect
                              : packet_type::connect_error;
        refused->owner->send(encode(options_.format, type, nsp, {}, reason));
    }
    remove(*refused);
}

void server::disconnect(std::string_view sid, std::string_view nsp, std::string_view ready) {
    if (auto* place = recovery_ ? recovery_->find_away(sid, nsp) : nullptr)
        give_up(*place->followed);
    auto* leaving = find_socket(sid, nsp);
    if (!leaving || leaving->state != socket_state::connected)
        return;
    leaving->owner->send(encode(options_.format, packet_type::disconnect, nsp, {}, ready));
    start_leaving(*leaving, eio::close_reason::server_disconnect, true);
}

void server::on_client_disconnect(socket& leaving) {
    start_leaving(leaving, eio::close_reason::client_left, false);
}

void server::start_leaving(socket& leaving, eio::close_reason reason, bool by_server) {
    if (forget(leaving))
        return;
    tell_it_left(leaving);
    if (leaving.owner) {
        leaving.owner->remove(leaving, by_server);
        leaving.owner = nullptr;
    }
    if (!custom()) // an answer may still be in a frame that the application has not read
        finish_acks(leaving);
    if (leaving.state == socket_state::pending) {
        leaving.left_while_pending = reason; // told when the connect handler has accepted
        return;
    }
    if (leaving.is_modules)
        return remove(leaving); // nobody else has to hear of it
    leaving.state = socket_state::leaving;
    if (recovery_ && recovery_->find_away(leaving.sid, leaving.home.name())) {
        leaving.told_kept = true;
        tell_step(recovery_step::kept, leaving.sid, leaving.home.name());
    }
    sink_.on_event(disconnect_event{leaving.sid, leaving.home.name(), leaving.eio_sid, reason});
}

void server::disconnect_done(std::string_view sid, std::string_view nsp) {
    if (auto* gone = find_socket(sid, nsp); gone && gone->state == socket_state::leaving)
        remove(*gone);
}

void server::remove(socket& gone) {
    tell_it_left(gone);
    if (gone.owner)
        gone.owner->remove(gone, true);
    finish_acks(gone);
    if (auto* refused = std::exchange(gone.followed, nullptr))
        recovery_->drop(*refused);
    const auto sid = gone.sid;
    const auto eio_sid = gone.eio_sid;
    const bool told_kept = gone.told_kept;
    auto& home = gone.home;
    const auto name = recovery_ ? home.name() : std::string();
    home.remove(gone);
    if (home.sockets().empty())
        namespaces_.erase(namespaces_.find(home.name()));
    on_freed(eio_sid);
    if (recovery_)
        after_removal(sid, name, told_kept);
}

// --- custom packets ---

void server::on_frame(client& from, std::string_view data, bool binary) {
    from.session().add_unhandled();
    sink_.on_event(frame_event{from.sid(), std::string(data), binary});
}

bool server::join(std::string_view eio_sid, std::string_view nsp) {
    auto* joining = clients_.find(eio_sid);
    return joining && !joining->find(nsp) && on_connect(*joining, nsp, {});
}

void server::leave(std::string_view eio_sid, std::string_view nsp) {
    const auto* from = clients_.find(eio_sid);
    if (auto* leaving = from ? from->find(nsp) : nullptr)
        on_client_disconnect(*leaving);
}

bool server::take_ack(std::string_view sid, std::string_view nsp, ack_token token) {
    auto* from = find_socket(sid, nsp);
    if (!from || !from->pending_acks.find(token))
        return false;
    from->pending_acks.erase(token);
    if (ack_groups_.settle(token))
        sink_.on_event(acks_done_event{token});
    return true;
}

void server::send_frame(std::string_view eio_sid, std::string_view ready) {
    if (auto* to = clients_.find(eio_sid))
        to->send(encode(options_.format, packet_type::event, {}, {}, ready));
}

void server::fail(std::string_view eio_sid, std::string_view why, base::time_point now) {
    if (auto* broken = clients_.find(eio_sid))
        fail(broken->session(), std::string(why), now);
}

} // namespace sio
