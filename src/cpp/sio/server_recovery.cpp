// Clients that come back: what `server` does for them, and does not do without the option.
//
// The socket of a client whose connection has broken leaves as any other, and its disconnect
// handlers run. Its trail stays, with a place in the rooms, where events are kept for it. A client
// that comes back gets a socket that waits until the last one has been freed, takes its sid and
// rooms, and is then let in as any other; what it has missed follows the answer to its CONNECT.
#include "eio/session.hpp"
#include "sio/server.hpp"

#include <utility>

namespace sio {

namespace {

// As the reference: what a client or the server has ended on purpose is over. A server that shuts
// down takes what it knows with it.
bool is_recoverable(eio::close_reason reason) noexcept {
    switch (reason) {
    case eio::close_reason::ping_timeout:
    case eio::close_reason::transport_close:
    case eio::close_reason::transport_error:
    case eio::close_reason::slow_peer:
    case eio::close_reason::client_disconnect: // of the session, and no namespace was left before
    case eio::close_reason::parse_error:
    case eio::close_reason::bad_packet:
    case eio::close_reason::out_of_place:
        return true;
    case eio::close_reason::server_disconnect:
    case eio::close_reason::session_closed:
    case eio::close_reason::server_shutdown:
    case eio::close_reason::client_left:
        return false;
    }
    return false;
}

// See visit.hpp: without it an emit to many takes four times as long.
struct trails_ahead {
    static void trail(const socket& next) noexcept {
        __builtin_prefetch(next.followed);
        __builtin_prefetch(reinterpret_cast<const char*>(next.followed) + 64);
    }
    static void backlog(const socket& next) noexcept {
        if (next.followed)
            next.followed->sent.prefetch();
    }
};

} // namespace

// --- events ---

void server::emit_kept(std::string_view nsp, const selection& whom, const arguments& args) {
    const bool again = !whom.is_volatile;
    outgoing_packet plain; // for those that cannot come back
    kept_event kept;
    const auto numbered = [&]() -> const kept_event& {
        if (!kept)
            kept = recovery_->number(nsp, args, again, whom.compress);
        return kept;
    };
    const auto send = [&](socket& to) {
        if (to.held_back) {
            if (again)
                to.followed->sent.push(numbered());
        } else if (!takes(to, whom)) {
            return;
        } else if (to.followed) {
            to.followed->sent.push(numbered());
            to.owner->send(kept.packet());
        } else {
            if (plain.frame.empty()) {
                plain = encode(
                    options_.format, packet_type::event, nsp, {}, args.json, args.attachments);
                plain.compress = whom.compress;
            }
            to.owner->send(plain);
        }
    };
    if (auto* home = find_nsp(nsp))
        home->send_each(whom, send, trails_ahead());
    if (kept)
        kept.sent();
    if (!again)
        return;
    if (auto* away = recovery_->away(nsp))
        away->for_each(whom, [&](socket& each) { each.followed->sent.push(numbered()); });
    while (auto* least = recovery_->one_too_many())
        give_up(*least);
}

// A pong says that its client has had what came before the ping.
void server::on_ping(eio::session& asked) {
    if (!recovery_)
        return;
    for (auto* each : clients_.find(asked.sid())->sockets())
        if (each->followed && each->state == socket_state::connected)
            each->followed->sent.ping();
}

void server::on_pong(eio::session& alive) {
    if (!recovery_ || (lender_ && lender_->on_pong(alive)))
        return;
    for (auto* each : clients_.find(alive.sid())->sockets())
        if (each->followed && each->state == socket_state::connected)
            each->followed->sent.pong();
}

// --- several shards ---

void server::use(siblings& others) {
    if (recovery_)
        lender_ = std::make_unique<lender>(options_.format, others);
}

bool server::knows(const base::sid& pid, std::string_view nsp) const {
    return recovery_ && find_trail({.pid = pid, .offset = {}}, nsp);
}

void server::on_known(eio::session& asked, bool known, base::time_point now) {
    const auto sid = asked.sid();
    if (!lender_ || !clients_.find(sid))
        return;
    const auto given_back = lender_->answered(asked, known);
    for (const auto& each : given_back) {
        auto* from = clients_.find(sid);
        if (!from)
            return; // what it said before has closed it
        receive(*from, each.data, each.binary, now);
    }
    if (clients_.find(sid))
        asked.remove_unhandled(given_back.size(), now);
}

void server::on_sent(eio::session& to) {
    if (lender_)
        (void)lender_->on_sent(to);
}

bool server::is_sid(std::string_view name, std::string_view nsp) const noexcept {
    return find_socket(name, nsp) || (recovery_ && recovery_->find_away(name, nsp));
}

// --- coming ---

bool server::follow(client& from, socket& joined, std::string_view auth) {
    if (cannot_come_back(from.session().request()))
        return false;
    auto claimed = read_claim(options_.format, auth);
    auto* of = find_trail(claimed, joined.home.name());
    if (auto* before = !of ? nullptr : of->arrived ? of->arrived->who : of->whose) {
        // A connection that the client has given up, and that is open for all this side knows.
        before->owner->session().close(eio::close_reason::transport_close, from.active_at);
        of = find_trail(claimed, joined.home.name()); // it may have been one too many
    }
    if (!of) {
        joined.followed = &recovery_->begin(joined, std::move(claimed));
        return false;
    }
    joined.state = socket_state::waiting;
    joined.followed = of;
    recovery_->wait(*of, {&joined, std::string(auth), std::move(claimed)});
    if (!joined.home.find(of->place->sid))
        resume(*of);
    return true;
}

// Of a client that has been told its pid, in this namespace.
trail* server::find_trail(const claim& claimed, std::string_view nsp) const noexcept {
    auto* found = claimed.pid ? recovery_->find(*claimed.pid) : nullptr;
    if (!found || !found->known)
        return nullptr;
    const auto* at = found->whose ? found->whose : found->place;
    return at->home.name() == nsp ? found : nullptr;
}

void server::resume(trail& of) {
    if (!recovery_->continues(of, of.arrived->claimed))
        return give_up(of);
    const auto arrived = *std::exchange(of.arrived, std::nullopt);
    auto& joined = *arrived.who;
    auto& home = joined.home;
    home.rename(joined, of.place->sid);
    for (const auto& [room, at] : of.place->rooms_joined)
        home.room_index().join(joined, room->name);
    joined.state = socket_state::pending;
    joined.held_back = true;
    of.whose = &joined;
    recovery_->come_back(of, arrived.claimed);
    tell_step(recovery_step::resumed, joined.sid, home.name());
    ask_application(joined, arrived.auth);
}

void server::send_missed(socket& to) {
    auto& of = *to.followed;
    of.known = true;
    if (!to.held_back)
        return;
    to.held_back = false;
    if (!of.sent.continues(of.last)) {
        // It was told that it would get everything, and more has come than is kept.
        warn("more events came than are kept, before " + to.sid.str() + " was let in again");
        recovery_->drop(*std::exchange(to.followed, nullptr));
        return to.owner->session().close(eio::close_reason::transport_error, to.owner->active_at);
    }
    for (const auto& missed : of.sent.after(of.last))
        if (missed.again()) {
            ++deliveries_;
            to.owner->send(missed.packet());
        }
}

std::vector<std::string> server::away(std::string_view nsp, const selection& whom) const {
    std::vector<std::string> list;
    if (auto* home = recovery_ ? recovery_->away(nsp) : nullptr)
        home->for_each(whom, [&](const socket& each) { list.push_back(each.sid.str()); });
    return list;
}

std::optional<recovery_figures> server::recovery_counted() const {
    return recovery_ ? std::optional(recovery_->figures()) : std::nullopt;
}

// --- leaving ---

bool server::part(socket& leaving, eio::close_reason reason, base::time_point now) {
    auto* of = leaving.followed;
    if (!of)
        return false;
    if (leaving.state == socket_state::waiting) {
        leaving.followed = nullptr;
        recovery_->stop_waiting(*of, now);
        remove(leaving);
        return true;
    }
    if (!of->known || !is_recoverable(reason))
        return false;
    leaving.followed = nullptr;
    leaving.held_back = false;
    recovery_->leave(*of, leaving, now);
    while (auto* least = recovery_->one_too_many())
        give_up(*least);
    return false;
}

// It leaves its namespace, and not by an accident.
bool server::forget(socket& leaving) {
    auto* of = std::exchange(leaving.followed, nullptr);
    leaving.held_back = false;
    if (!of)
        return false;
    if (leaving.state == socket_state::waiting) {
        of->arrived.reset();
        remove(leaving);
        give_up(*of);
        return true;
    }
    recovery_->drop(*of);
    return false;
}

// Of one that is away. If it waits already it joins as a client that was never here.
void server::give_up(trail& of) {
    const auto sid = of.place->sid;
    const auto nsp = of.place->home.name();
    auto arrived = std::exchange(of.arrived, std::nullopt);
    recovery_->drop(of);
    // Else it is told when its last socket has been freed.
    if (!find_socket(sid, nsp))
        tell_step(recovery_step::expired, sid, nsp);
    if (!arrived)
        return;
    auto& joined = *arrived->who;
    joined.state = socket_state::pending;
    joined.followed = &recovery_->begin(joined, std::move(arrived->claimed));
    ask_application(joined, arrived->auth);
}

void server::after_removal(const base::sid& sid, const std::string& nsp, bool told_kept) {
    const auto* place = recovery_->find_away(sid, nsp);
    if (place && place->followed->arrived)
        resume(*place->followed);
    else if (!place && told_kept)
        tell_step(recovery_step::expired, sid, nsp);
}

void server::tell_step(recovery_step step, const base::sid& sid, const std::string& nsp) {
    sink_.on_event(recovery_event{step, sid, nsp});
}

} // namespace sio
