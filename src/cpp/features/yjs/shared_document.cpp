#include "features/yjs/shared_document.hpp"

#include "features/yjs/y_socket_io.hpp"

#include <memory>

namespace features::yjs {

namespace {

const char* event_of(const request& asked) noexcept {
    return asked.how == channel::y_socket_io ? y_socket_io::event_of(asked.kind)
                                             : open_webui::event_of(asked.kind);
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
        if (from != members_.end())
            identify(from->second, std::move(asked));
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

void shared_document::sync(const request& asked) {
    std::string missing;
    if (!history_.diff(asked.bytes, missing))
        return refuse(asked, refusal::malformed, history_.fault());
    when_kept([this,
               asked = std::make_shared<const request>(asked),
               answer = y_socket_io::carrying({}, missing)] { acknowledge(*asked, answer); });
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
