#include "features/yjs/shared_document.hpp"

#include "base/json.hpp"
#include "features/yjs/json_members.hpp"
#include "features/yjs/y_socket_io.hpp"

#include <algorithm>
#include <memory>

namespace features::yjs {

namespace {

constexpr std::chrono::seconds span{1}; // of max_awareness_rate

constexpr std::array<channel, channels> all_channels{
    channel::lists, channel::binary, channel::y_socket_io};

const char* event_of(const request& asked) noexcept {
    return asked.how == channel::y_socket_io ? y_socket_io::event_of(asked.kind)
                                             : open_webui::event_of(asked.kind);
}

std::string or_null(std::string json) {
    return json.empty() ? "null" : std::move(json);
}

} // namespace

shared_document::shared_document(const surroundings& around, std::string name)
    : around_(around),
      name_(std::move(name)),
      history_(around.chosen, around.counted),
      cursors_(around.chosen, around.counted),
      timing_(around.chosen) {
    if (around_.chosen.loads) {
        loading_ = true;
        around_.app.tell(load_question{name_});
    } else {
        epoch_ = around_.app.new_epoch();
    }
}

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

void shared_document::when_kept(std::function<void()> call) {
    if (!around_.chosen.durable || kept_ == number_)
        call();
    else
        held_.push_back({number_, std::move(call)});
}

void shared_document::take(request&& asked, base::time_point now) {
    if (!loading_)
        return carry_out(std::move(asked), now);
    // An end is never refused: the member would stay. Nor is what the application says of it.
    const bool ends = asked.kind == request_kind::gone || asked.kind == request_kind::leave ||
                      asked.kind == request_kind::identify;
    if (!ends && (waiting_.size() >= max_waiting ||
                  waiting_bytes_ + asked.weight() > around_.chosen.max_document_bytes))
        return refuse(asked, refusal::busy, "the document is being loaded");
    waiting_bytes_ += asked.weight();
    waiting_.push_back(std::move(asked));
}

void shared_document::carry_out(request&& asked, base::time_point now) {
    if (asked.kind == request_kind::join)
        return join(std::move(asked), now);
    if (asked.kind == request_kind::gone)
        return leave(asked.sid, true, now);
    if (asked.kind == request_kind::server_update)
        return server_update(asked, now);
    if (asked.kind == request_kind::server_state)
        return answer(*asked.ack, true, std::string(history_.state()));
    if (asked.kind == request_kind::server_members)
        return answer(*asked.ack, true, all_sessions());
    if (asked.kind == request_kind::server_clear)
        return clear(asked, now);
    const auto from = members_.find(asked.sid);
    if (asked.kind == request_kind::identify) {
        if (from != members_.end()) {
            from->second.may_write = asked.may_write;
            from->second.who.id = or_null(std::move(asked.user_id));
        }
        return;
    }
    if (from == members_.end())
        return refuse(asked, refusal::not_joined);
    switch (asked.kind) {
    case request_kind::update:
        asked.how = from->second.how;
        return update(std::move(asked), now);
    case request_kind::state:
        asked.how = from->second.how;
        if (!history_.empty())
            when_kept([this, sid = asked.sid] {
                if (const auto to = members_.find(sid); to != members_.end())
                    send_state(sid, to->second);
            });
        return acknowledge(asked, {"[]", {}});
    case request_kind::awareness:
        return awareness(asked, now);
    case request_kind::sync:
        return sync(asked);
    case request_kind::leave:
        leave(asked.sid, false, now);
        return acknowledge(asked, {"[]", {}});
    case request_kind::join:
    case request_kind::gone:
    case request_kind::identify:
    case request_kind::server_update:
    case request_kind::server_state:
    case request_kind::server_members:
    case request_kind::server_clear:
        break;
    }
}

// --- members ---

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

// --- updates ---

refusal shared_document::add(std::string_view update, base::time_point now, bool& added) {
    const auto& chosen = around_.chosen;
    if (chosen.keeps_updates && unkept_bytes_ + update.size() > chosen.max_unkept_bytes)
        return refusal::store_down;
    switch (history_.add(update)) {
    case history::outcome::malformed:
        return refusal::malformed;
    case history::outcome::full:
        return refusal::document_full;
    case history::outcome::known:
        ++around_.counted.duplicates;
        return refusal::none;
    case history::outcome::added:
        break;
    }
    added = true;
    ++number_;
    ++around_.counted.updates;
    around_.counted.update_bytes += update.size();
    keep(update);
    // A store that has each update is given a snapshot now and then.
    if (chosen.stores || (chosen.keeps_updates && number_ - replaced_ >= chosen.tail_updates))
        timing_.changed(now);
    return refusal::none;
}

void shared_document::keep(std::string_view update) {
    if (!around_.chosen.keeps_updates) {
        kept_ = number_;
        return;
    }
    unkept_.push_back({number_, update.size()});
    unkept_bytes_ += update.size();
    around_.app.tell(kept_update{name_, epoch_, number_, std::string(update)});
}

void shared_document::update(request&& asked, base::time_point now) {
    const auto& from = members_.find(asked.sid)->second;
    if (!from.may_write) {
        // What a provider of y-socket.io answers to the first step of its sync has nothing new.
        if (asked.has_update && !asked.initialize && asked.data.empty() &&
            history_.contains(asked.bytes))
            return when_kept([this, asked = std::make_shared<const request>(asked)] {
                acknowledge(*asked, {"[true]", {}});
            });
        return refuse(asked, refusal::read_only);
    }
    if (!asked.data.empty()) {
        data_ = std::move(asked.data);
        if (around_.chosen.stores)
            timing_.changed(now);
    }
    if (!asked.has_update)
        return acknowledge(asked, {"[true]", {}});
    if (asked.initialize) {
        if (!asked.ack)
            return refuse(asked, refusal::malformed, "initialize is answered: it needs an ack");
        if (!history_.empty()) // somebody was first: this is what there is
            return when_kept([this,
                              asked = std::make_shared<const request>(asked),
                              answer = open_webui::acknowledged(asked.how, history_.state())] {
                acknowledge(*asked, answer);
            });
    }
    bool added = false;
    const auto why = add(asked.bytes, now, added);
    if (why != refusal::none)
        return refuse(
            asked, why, why == refusal::malformed ? std::string_view(history_.fault()) : "");
    auto carry = [this,
                  added,
                  number = number_,
                  who = from.who,
                  asked = std::make_shared<const request>(asked)] {
        if (added && number > cleared_)
            spread(asked->sid, who, asked->bytes);
        acknowledge(
            *asked,
            asked->initialize ? open_webui::acknowledged(asked->how, asked->bytes)
                              : sio::arguments{"[true]", {}});
    };
    when_kept(std::move(carry));
}

void shared_document::server_update(const request& asked, base::time_point now) {
    bool added = false;
    const auto why = add(asked.bytes, now, added);
    if (why != refusal::none) {
        auto reason = std::string(to_string(why));
        if (why == refusal::malformed)
            reason.append(": ").append(history_.fault());
        return answer(*asked.ack, false, std::move(reason));
    }
    when_kept([this, added, number = number_, question = *asked.ack, bytes = asked.bytes] {
        if (added && number > cleared_)
            spread({}, {}, bytes);
        answer(question, true, {});
    });
}

void shared_document::clear(const request& asked, base::time_point now) {
    if (timing_.due()) // and never again: what will be there then is not what has changed
        store(now);
    std::vector<std::string> sids;
    for (const auto& [sid, each] : members_)
        sids.push_back(sid);
    for (const auto& sid : sids)
        put_out(sid, refusal::cleared, "the document begins anew", now);
    history_.clear();
    data_.clear();
    content_.clear();
    epoch_ = around_.app.new_epoch();
    damaged_ = false;
    cleared_ = replaced_ = ++number_;
    storing_number_ = 0;
    keep({});
    when_kept([this, question = *asked.ack] { answer(question, true, {}); });
}

void shared_document::spread(
    const std::string& sid, const open_webui::person& from, const std::string& update) {
    tell_others(sid, [&](channel how) {
        return how == channel::y_socket_io ? y_socket_io::carrying("sync-update", update)
                                           : open_webui::update(how, name_, from, sid, update);
    });
}

void shared_document::sync(const request& asked) {
    std::string missing;
    if (!history_.diff(asked.bytes, missing))
        return refuse(asked, refusal::malformed, history_.fault());
    when_kept([this,
               asked = std::make_shared<const request>(asked),
               answer = y_socket_io::carrying({}, missing)] { acknowledge(*asked, answer); });
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

// --- the application ---

void shared_document::on_loaded(loaded_document&& loaded, base::time_point now) {
    if (!loading_)
        return;
    loading_ = false;
    auto waiting = std::exchange(waiting_, {});
    waiting_bytes_ = 0;
    if (!loaded.ok || !begin(std::move(loaded), now)) {
        failed_ = true;
        for (const auto& each : waiting) {
            refuse(each, refusal::not_loaded);
            if (each.how == channel::y_socket_io && each.kind == request_kind::join)
                around_.rooms.disconnect(each.sid, each.nsp); // it asks again when it reconnects
        }
        return;
    }
    left_at_ = now;
    for (auto& each : waiting)
        carry_out(std::move(each), now);
}

bool shared_document::begin(loaded_document&& loaded, base::time_point now) {
    epoch_ = loaded.epoch.empty() ? around_.app.new_epoch() : std::move(loaded.epoch);
    number_ = kept_ = replaced_ = loaded.number;
    content_ = std::move(loaded.content);
    std::size_t damaged = 0;
    for (const auto& each : loaded.updates)
        if (history_.add(each, false) == history::outcome::malformed)
            ++damaged;
    if (damaged > 0) {
        damaged_ = true;
        around_.counted.damaged_updates += damaged;
        around_.app.tell(load_fault{name_, damaged, loaded.updates.size(), {}});
    }
    history_.compact();
    if (!history_.empty() || loaded.seed.empty())
        return true;
    bool added = false;
    const auto why = add(loaded.seed, now, added);
    if (why == refusal::none)
        return true;
    around_.app.tell(
        load_fault{name_, 0, 0, why == refusal::malformed ? history_.fault() : to_string(why)});
    return false;
}

void shared_document::on_kept(std::uint64_t number) {
    kept_ = std::max(kept_, number);
    while (!unkept_.empty() && unkept_.front().number <= kept_) {
        unkept_bytes_ -= unkept_.front().bytes;
        unkept_.pop_front();
    }
    while (!held_.empty() && held_.front().number <= kept_) {
        const auto next = std::move(held_.front());
        held_.pop_front();
        next.call();
    }
}

void shared_document::store(base::time_point now) {
    const auto& chosen = around_.chosen;
    const bool replaces = chosen.keeps_updates && number_ != replaced_ && !damaged_ &&
                          (members_.empty() || number_ - replaced_ >= chosen.tail_updates);
    timing_.begin();
    if (blank() || (!chosen.stores && !replaces))
        return timing_.end(true, now); // cleared, or each update has been kept
    history_.compact();
    around_.app.tell(
        stored_snapshot{
            .document = name_,
            .epoch = epoch_,
            .number = number_,
            .snapshot = std::string(history_.state()),
            .data = data_,
            .replaces = replaces});
    if (replaces)
        storing_number_ = number_;
}

void shared_document::on_stored(bool stored, base::time_point now) {
    timing_.end(stored, now);
    const auto number = std::exchange(storing_number_, 0);
    if (stored && number != 0)
        replaced_ = number;
}

std::optional<base::time_point> shared_document::due() const {
    auto soonest = timing_.due();
    const auto also = [&](base::time_point at) { soonest = soonest ? std::min(*soonest, at) : at; };
    if (untold_due_)
        also(*untold_due_);
    if (at_rest() && around_.chosen.loads)
        also(left_at_ + around_.chosen.unload_after);
    return soonest;
}

void shared_document::sweep(base::time_point now) {
    if (untold_due_ && *untold_due_ <= now)
        tell_untold(now);
    if (const auto at = timing_.due(); at && *at <= now)
        store(now);
}

void shared_document::flush(base::time_point now, bool failed_too) {
    if (timing_.due() && (failed_too || !timing_.retries())) // and is not being stored
        store(now);
}

bool shared_document::at_rest() const noexcept {
    return !loading_ && members_.empty() && timing_.clean() && held_.empty() && unkept_.empty();
}

void shared_document::add_to(counters& sums) const {
    ++sums.documents;
    sums.members += members_.size();
    sums.bytes += history_.bytes();
    sums.unkept_bytes += unkept_bytes_;
    sums.tail_updates += history_.tail_updates();
    sums.tail_bytes += history_.tail_bytes();
}

// --- answers ---

void shared_document::acknowledge(const request& asked, const sio::arguments& answer) {
    if (asked.ack)
        around_.rooms.send_ack(asked.sid, asked.nsp, *asked.ack, answer);
}

void shared_document::answer(std::uint64_t question, bool ok, std::string data) {
    around_.app.tell(server_answer{question, ok, std::move(data)});
}

void shared_document::refuse(const request& asked, refusal why, std::string_view detail) {
    if (asked.kind == request_kind::gone || asked.kind == request_kind::identify)
        return;
    if (is_of_server(asked.kind))
        return answer(*asked.ack, false, to_string(why));
    ++around_.counted.refused[static_cast<std::size_t>(why)];
    around_.rooms.emit_to(
        asked.sid,
        asked.nsp,
        asked.how == channel::y_socket_io
            ? y_socket_io::refused(event_of(asked), why, detail)
            : open_webui::refused(name_, event_of(asked), why, detail));
    if (asked.how != channel::y_socket_io || asked.kind != request_kind::sync)
        acknowledge(asked, {"[null]", {}});
}

} // namespace features::yjs
