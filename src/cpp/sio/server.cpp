#include "sio/server.hpp"

#include "eio/session.hpp"

#include <algorithm>
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

// --- events and acks ---

void server::on_event(
    socket& from, std::string_view event, std::optional<std::uint64_t> id, arguments&& args) {
    if (from.has_joined) {
        const bool is_modules = from.is_modules; // it may be freed when it was put out for it
        if (module_->on_event(peer(from), event, id, args) || is_modules || !from.owner)
            return;
    }
    if (!interest_.wants(from.home.name(), event))
        return; // nobody listens: as python-socketio, no ack either
    from.owner->session().add_unhandled();
    sink_.on_event(message_event{from.sid, from.home.name(), from.eio_sid, std::move(args), id});
}

void server::repeat(
    std::string_view sid,
    std::string_view nsp,
    std::string_view event,
    std::optional<std::uint64_t> id,
    arguments&& args) {
    if (auto* from = find_socket(sid, nsp); from && from->receives())
        on_event(*from, event, id, std::move(args));
}

bool server::takes(const socket& to, const selection& whom) noexcept {
    if (!to.receives())
        return false;
    if (whom.is_volatile && !to.owner->session().writable()) {
        ++volatile_dropped_;
        return false;
    }
    ++deliveries_;
    return true;
}

void server::emit(
    std::string_view nsp,
    const selection& whom,
    const arguments& args,
    ack_token token,
    base::countdown parts) {
    if (recovery_ && token == 0)
        return emit_kept(nsp, whom, args);
    auto* home = find_nsp(nsp);
    if (token == 0) {
        if (!home)
            return;
        auto packet =
            encode(options_.format, packet_type::event, nsp, {}, args.json, args.attachments);
        packet.compress = whom.compress;
        home->send_each(whom, [&](socket& to) {
            if (takes(to, whom))
                to.owner->send(packet);
        });
        return;
    }
    auto& group = ack_groups_.open(token, std::string(nsp), std::move(parts));
    outgoing_packet
        packet; // for the id before: clients that have been asked as often have the same
    std::uint64_t encoded_id = 0;
    if (home)
        home->send_each(whom, [&](socket& to) {
            if (!takes(to, whom))
                return;
            const auto id = custom() ? token : to.next_ack_id++;
            to.pending_acks.insert(id, token);
            group.asked.emplace_back(to.sid, id);
            if (std::exchange(encoded_id, id) != id)
                packet = encode(
                    options_.format, packet_type::event, nsp, id, args.json, args.attachments);
            packet.compress = whom.compress;
            to.owner->send(packet);
        });
    group.waiting = group.asked.size();
    if (group.waiting == 0) {
        const bool last = group.parts.done();
        forget_token(token);
        if (last)
            sink_.on_event(acks_done_event{token});
    }
}

void server::ask(
    std::string_view sid, std::string_view nsp, const arguments& args, std::uint64_t question) {
    auto* asked = find_socket(sid, nsp);
    if (!asked || !asked->receives())
        return;
    ++deliveries_;
    const auto id = asked->next_ack_id++;
    asked->pending_acks.insert(id, question | modules_token);
    asked->owner->send(
        encode(options_.format, packet_type::event, nsp, id, args.json, args.attachments));
}

void server::on_ack(socket& from, std::uint64_t id, arguments&& args) {
    if (options_.verbose)
        log_.log(
            base::log_channel::socketio,
            base::log_level::info,
            "received ack from " + from.sid.str() + " [" + from.home.name() + "]");
    const auto* pending = from.pending_acks.find(id);
    if (!pending) {                                   // unknown, or forgotten
        if (!std::exchange(from.warned_of_ack, true)) // once: a peer does not fill the log
            warn("Unknown callback received, ignoring.");
        return;
    }
    const auto token = *pending;
    from.pending_acks.erase(id);
    if ((token & modules_token) != 0) {
        if (from.has_joined)
            module_->on_answer(peer(from), token & ~modules_token, args);
        return;
    }
    sink_.on_event(ack_event{token, from.sid, std::move(args)});
    if (ack_groups_.settle(token))
        sink_.on_event(acks_done_event{token});
}

void server::forget_token(ack_token token) {
    const auto group = ack_groups_.take(token);
    for (const auto& [sid, id] : group.asked)
        if (auto* asked = find_socket(sid, group.nsp))
            asked->pending_acks.erase(id);
}

void server::finish_acks(socket& gone) {
    const auto pending = std::exchange(gone.pending_acks, {});
    for (const auto& [id, token] : pending)
        if (ack_groups_.settle(token))
            sink_.on_event(acks_done_event{token});
}

void server::send_ack(
    std::string_view sid, std::string_view nsp, std::uint64_t id, const arguments& args) {
    auto* to = find_socket(sid, nsp);
    if (!to || !to->receives())
        return;
    to->owner->send(
        encode(options_.format, packet_type::ack, nsp, id, args.json, args.attachments));
    if (to->has_joined)
        module_->on_reply(peer(*to), id, args);
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

// --- rooms ---

room_result server::enter_room(std::string_view sid, std::string_view nsp, std::string_view room) {
    auto* home = find_nsp(nsp);
    if (!home)
        return room_result::unknown_namespace;
    if (room != sid && is_sid(room, nsp))
        return room_result::is_sid; // also of one that may come back, and be sent to by it
    auto* entering = home->find(sid);
    if (!entering)
        return room_result::unknown_sid;
    if (room == sid)
        return room_result::ok; // its own room, which it is in
    if (entering->rooms_joined.size() >= options_.max_rooms ||
        room.size() > options_.max_room_name_bytes)
        return room_result::limit;
    if (home->room_index().join(*entering, room) && entering->rooms_told)
        tell_of_room(*entering, room, true);
    if (auto* away = recovery_ ? recovery_->find_away(sid, nsp) : nullptr)
        away->home.room_index().join(*away, room);
    return room_result::ok;
}

void server::leave_room(std::string_view sid, std::string_view nsp, std::string_view room) {
    if (auto* away = recovery_ ? recovery_->find_away(sid, nsp) : nullptr)
        away->home.room_index().leave(*away, room);
    auto* leaving = find_socket(sid, nsp);
    if (!leaving)
        return;
    if (leaving->has_joined && peer(*leaving).in_room(room) && room != sid)
        module_->on_leave_room(peer(*leaving), room);
    if (leaving->home.room_index().leave(*leaving, room) && leaving->rooms_told)
        tell_of_room(*leaving, room, false);
}

room_result server::close_room(std::string_view room, std::string_view nsp) {
    if (auto* away = recovery_ ? recovery_->away(nsp) : nullptr)
        away->room_index().close(room);
    auto* home = find_nsp(nsp);
    if (!home)
        return room_result::ok;
    if (home->find(room))
        return room_result::is_sid;
    if (const auto* closing = module_ ? home->room_index().find(room) : nullptr)
        for (const auto* each : closing->members)
            if (each->has_joined)
                module_->on_leave_room(peer(*each), room);
    if (const auto* closing = watches_rooms_ ? home->room_index().find(room) : nullptr)
        for (const auto* each : closing->members)
            if (each->rooms_told)
                tell_of_room(*each, room, false);
    home->room_index().close(room);
    return room_result::ok;
}

std::vector<std::pair<std::string, room_figures>> server::watch_rooms() {
    watches_rooms_ = true;
    std::vector<std::pair<std::string, room_figures>> now;
    for (const auto& [name, home] : namespaces_) {
        for (auto* each : home->sockets())
            each->rooms_told =
                each->state == socket_state::connected && each->receives() && !each->is_modules;
        for (const auto& each : home->room_index().all()) {
            const auto told = std::ranges::count_if(each->members, &socket::rooms_told);
            if (told != 0 && !is_user_room(each->name))
                now.emplace_back(
                    name,
                    room_figures{
                        .name = each->name,
                        .members = static_cast<std::size_t>(told),
                        .sent = each->sent});
        }
    }
    return now;
}

void server::tell_of_room(const socket& who, std::string_view room, bool joined) {
    if (is_user_room(room))
        return;
    if (who.owner)
        who.owner->session().add_unhandled();
    sink_.on_event(room_event{who.sid, who.home.name(), who.eio_sid, std::string(room), joined});
}

void server::tell_of_rooms(const socket& who, bool joined) {
    tell_of_room(who, who.sid, joined);
    for (const auto& [room, place] : who.rooms_joined)
        tell_of_room(who, room->name, joined);
}

// --- questions ---

const socket* server::find(std::string_view sid, std::string_view nsp) const {
    return find_socket(sid, nsp);
}

const socket* server::find_of_session(std::string_view eio_sid, std::string_view nsp) const {
    const auto* found = clients_.find(eio_sid);
    return found ? found->find(nsp) : nullptr;
}

std::vector<std::string> server::rooms(std::string_view sid, std::string_view nsp) const {
    std::vector<std::string> names;
    if (const auto* asked = find_socket(sid, nsp)) {
        names.push_back(asked->sid.str());
        for (const auto& [joined, place] : asked->rooms_joined)
            if (!is_user_room(joined->name))
                names.push_back(joined->name);
    }
    return names;
}

std::vector<std::pair<std::string, std::string>>
server::participants(std::string_view nsp, const selection& whom) {
    std::vector<std::pair<std::string, std::string>> list;
    if (auto* home = find_nsp(nsp))
        home->for_each(whom, [&](const socket& each) {
            if (each.state != socket_state::waiting) // of whom nobody knows yet
                list.emplace_back(each.sid.str(), each.eio_sid.str());
        });
    return list;
}

std::size_t server::room_size(std::string_view nsp, const std::optional<std::string>& room) const {
    const auto* home = find_nsp(nsp);
    if (!home)
        return 0;
    if (!room)
        return home->sockets().size();
    const auto* members = home->room_index().find(*room);
    return (members ? members->members.size() : 0) + (home->find(*room) ? 1 : 0);
}

std::vector<room_figures> server::room_counts(std::string_view nsp) const {
    std::vector<room_figures> counts;
    if (const auto* home = find_nsp(nsp))
        for (const auto& each : home->room_index().all())
            if (!is_user_room(each->name))
                counts.push_back({each->name, each->members.size(), each->sent});
    return counts;
}

std::vector<std::string> server::namespaces() const {
    std::vector<std::string> names;
    for (const auto& [name, home] : namespaces_)
        names.push_back(name);
    return names;
}

std::vector<std::string> server::room_names(std::string_view nsp) const {
    std::vector<std::string> names;
    if (const auto* home = find_nsp(nsp)) {
        for (const auto* each : home->sockets())
            names.push_back(each->sid.str());
        for (const auto& each : home->room_index().all())
            if (!is_user_room(each->name))
                names.push_back(each->name);
    }
    return names;
}

std::size_t server::socket_count() const noexcept {
    std::size_t count = 0;
    for (const auto& [name, home] : namespaces_)
        count += home->sockets().size();
    return count;
}

std::vector<std::pair<std::string, std::size_t>> server::socket_counts() const {
    std::vector<std::pair<std::string, std::size_t>> counts;
    for (const auto& [name, home] : namespaces_)
        counts.emplace_back(name, home->sockets().size());
    return counts;
}

std::size_t server::room_count() const noexcept {
    std::size_t count = 0;
    for (const auto& [name, home] : namespaces_)
        count += home->room_index().all().size();
    return count;
}

} // namespace sio
