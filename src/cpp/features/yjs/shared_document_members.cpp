// Who is in a document, and what they are told.
#include "base/json.hpp"
#include "features/yjs/json_members.hpp"
#include "features/yjs/shared_document.hpp"
#include "features/yjs/y_socket_io.hpp"

#include <algorithm>

namespace features::yjs {

namespace {

constexpr std::chrono::seconds span{1}; // of max_awareness_rate

constexpr std::array<channel, channels> all_channels{
    channel::lists, channel::binary, channel::y_socket_io};

std::string or_null(std::string json) {
    return json.empty() ? "null" : std::move(json);
}

} // namespace

std::string shared_document::room(channel how) const {
    // No document's name makes one of the one kind a room of the other.
    return (how == channel::binary ? "docbin_" : "doc_") + name_;
}

std::string shared_document::nsp(channel how) const {
    return how == channel::y_socket_io ? std::string(y_socket_io::prefix) + name_ : "/";
}

template <class Make>
void shared_document::tell_others(std::string_view sid, Make make) {
    const auto* from = [&]() -> const member* {
        const auto found = members_.find(sid);
        return found == members_.end() ? nullptr : &found->second;
    }();
    for (const auto how : all_channels) {
        const auto listening = members_by_channel_[static_cast<std::size_t>(how)];
        if (listening > (from && from->how == how ? 1U : 0U))
            around_.rooms.emit(
                nsp(how), {.rooms = {{room(how)}}, .skip_sids = {std::string(sid)}}, make(how));
    }
}

template <class Make>
void shared_document::tell_other_people(std::string_view sid, Make make) {
    for (const auto how : {channel::lists, channel::binary})
        if (members_by_channel_[static_cast<std::size_t>(how)] != 0)
            around_.rooms.emit(
                "/", {.rooms = {{room(how)}}, .skip_sids = {std::string(sid)}}, make());
}

void shared_document::join(request&& asked, base::time_point) {
    const auto [place, is_new] = members_.try_emplace(asked.sid);
    auto& joining = place->second;
    if (!is_new)
        --members_by_channel_[static_cast<std::size_t>(joining.how)];
    if (!is_new && joining.how != asked.how)
        around_.rooms.leave_room(asked.sid, joining.nsp, room(joining.how));
    ++members_by_channel_[static_cast<std::size_t>(asked.how)];
    ++around_.counted.joins;
    joining.how = asked.how;
    joining.nsp = nsp(asked.how);
    joining.may_write = asked.may_write;
    joining.who = {
        .id = or_null(std::move(asked.user_id)),
        .name = or_null(std::move(asked.user_name)),
        .color = or_null(std::move(asked.user_color))};
    const auto& sid = asked.sid;
    around_.rooms.enter_room(sid, joining.nsp, room(joining.how));
    if (joining.how == channel::y_socket_io) {
        around_.rooms.ask(
            sid, joining.nsp, y_socket_io::carrying("sync-step-1", history_.vector()), 0);
        around_.rooms.emit_to(
            sid,
            joining.nsp,
            y_socket_io::carrying("awareness-update", as_protocol(cursors_.all())));
        return;
    }
    when_kept([this, sid] {
        if (const auto to = members_.find(sid); to != members_.end())
            send_state(sid, to->second);
    });
    if (!cursors_.all().empty())
        around_.rooms.emit_to(
            sid, "/", open_webui::awareness(joining.how, name_, {}, as_json(cursors_.all())));
    if (is_new)
        tell_other_people(sid, [&] { return open_webui::joined(name_, joining.who); });
    acknowledge(asked, {"[]", {}});
}

void shared_document::identify(member& known, request&& asked) {
    known.may_write = asked.may_write;
    known.who.id = or_null(std::move(asked.user_id));
}

void shared_document::leave(const std::string& sid, bool gone, base::time_point now) {
    const auto found = members_.find(sid);
    if (found == members_.end())
        return;
    const auto left = std::move(found->second);
    members_.erase(found);
    --members_by_channel_[static_cast<std::size_t>(left.how)];
    if (!gone)
        around_.rooms.leave_room(sid, left.nsp, room(left.how));
    tell_cursors(sid, left.who, cursors_.remove_of(sid));
    if (left.how != channel::y_socket_io)
        tell_other_people(sid, [&] { return open_webui::left(name_, left.who); });
    if (!members_.empty())
        return;
    left_at_ = now;
    history_.compact(); // it may stay so for long
    if (around_.chosen.keeps_updates && number_ != replaced_ && !damaged_)
        timing_.changed(now); // one snapshot in the store in place of many updates
}

void shared_document::put_out(const std::string& sid, base::time_point now) {
    put_out(sid, refusal::not_allowed, "access has been revoked", now);
}

void shared_document::put_out(
    const std::string& sid, refusal why, std::string_view detail, base::time_point now) {
    refuse_waiting(sid, why, detail);
    const auto found = members_.find(sid);
    if (found == members_.end())
        return;
    const request asked{
        .kind = request_kind::join,
        .how = found->second.how,
        .document = name_,
        .sid = sid,
        .nsp = found->second.nsp,
        .ack = {},
        .bytes = {}};
    refuse(asked, why, detail);
    leave(sid, false, now);
    if (asked.how == channel::y_socket_io)
        around_.rooms.disconnect(sid, asked.nsp);
}

void shared_document::refuse_waiting(const std::string& sid, refusal why, std::string_view detail) {
    std::vector<request> refused;
    std::vector<request> others;
    for (auto& each : std::exchange(waiting_, {}))
        (each.sid == sid ? refused : others).push_back(std::move(each));
    waiting_ = std::move(others);
    for (const auto& each : refused) {
        waiting_bytes_ -= each.weight();
        refuse(each, why, detail);
        if (each.how == channel::y_socket_io && each.kind == request_kind::join)
            around_.rooms.disconnect(each.sid, each.nsp);
    }
}

std::string shared_document::sessions(std::string_view of) const {
    // Old clients elect one of them. Of a crowd some are enough.
    constexpr std::size_t most = 100;
    std::string list = "[";
    const auto add = [&](std::string_view sid) {
        if (list.size() > 1)
            list += ',';
        base::json::append_quoted(list, sid);
    };
    add(of);
    std::size_t count = 1;
    for (const auto& [sid, each] : members_) {
        if (sid == of || each.how == channel::y_socket_io)
            continue;
        if (++count > most)
            break;
        add(sid);
    }
    return list += ']';
}

std::string shared_document::all_sessions() const {
    std::string list = "[";
    for (const auto& [sid, each] : members_) {
        if (list.size() > 1)
            list += ',';
        base::json::append_quoted(list, sid);
    }
    return list += ']';
}

void shared_document::send_state(const std::string& sid, const member& to) {
    std::string_view content = content_;
    for (json_members in(data_); const auto each = in.next();)
        if (each->key == "content")
            content = each->value;
    around_.rooms.emit_to(
        sid,
        to.nsp,
        open_webui::state(to.how, name_, history_.state(), content, sessions(sid), epoch_));
}

void shared_document::spread(
    const std::string& sid, const open_webui::person& from, const std::string& update) {
    tell_others(sid, [&](channel how) {
        return how == channel::y_socket_io ? y_socket_io::carrying("sync-update", update)
                                           : open_webui::update(how, name_, from, sid, update);
    });
}

// --- awareness ---

void shared_document::awareness(const request& asked, base::time_point now) {
    const auto place = members_.find(asked.sid);
    auto& from = place->second;
    cursor_set changed;
    const auto may_take = [&](const std::string& owner) {
        const auto other = members_.find(owner);
        return !around_.chosen.asks_access || other == members_.end() ||
               other->second.who.id == from.who.id;
    };
    const auto outcome = from.how == channel::y_socket_io
                             ? cursors_.take_protocol(asked.sid, asked.bytes, may_take, changed)
                             : cursors_.take_json(asked.sid, asked.bytes, may_take, changed);
    if (outcome == cursors::outcome::malformed)
        return refuse(asked, refusal::malformed);
    if (outcome == cursors::outcome::too_large)
        return refuse(asked, refusal::too_large);
    acknowledge(asked, {"[]", {}});
    if (changed.empty())
        return; // what is known: a client of y-socket.io sends back all that it is told
    ++around_.counted.awareness;
    if (now - from.second >= span) {
        from.second = now;
        from.said = 0;
    }
    if (from.said++ < around_.chosen.max_awareness_rate && from.untold.empty())
        return tell_cursors(asked.sid, from.who, changed);
    if (!from.untold.empty())
        ++around_.counted.awareness_thinned;
    for (auto& [client, each] : changed)
        from.untold.insert_or_assign(client, std::move(each));
    const auto at = from.second + span;
    untold_due_ = untold_due_ ? std::min(*untold_due_, at) : at;
}

void shared_document::tell_untold(base::time_point now) {
    untold_due_.reset();
    for (auto& [sid, each] : members_) {
        if (each.untold.empty())
            continue;
        if (const auto at = each.second + span; at > now) {
            untold_due_ = untold_due_ ? std::min(*untold_due_, at) : at;
            continue;
        }
        each.second = now;
        each.said = 1;
        tell_cursors(sid, each.who, std::exchange(each.untold, {}));
    }
}

void shared_document::tell_cursors(
    const std::string& sid, const open_webui::person& from, const cursor_set& changed) {
    if (changed.empty())
        return;
    tell_others(sid, [&](channel how) {
        return how == channel::y_socket_io
                   ? y_socket_io::carrying("awareness-update", as_protocol(changed))
                   : open_webui::awareness(how, name_, from, as_json(changed));
    });
}

} // namespace features::yjs
