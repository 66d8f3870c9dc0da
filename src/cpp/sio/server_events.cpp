// What goes between clients and the application: events, and the answers to them.
#include "eio/session.hpp"
#include "sio/server.hpp"

#include <utility>

namespace sio {

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

} // namespace sio
