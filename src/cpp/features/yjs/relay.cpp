#include "features/yjs/relay.hpp"

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "features/yjs/open_webui.hpp"
#include "features/yjs/y_socket_io.hpp"

#include <utility>

namespace features::yjs {

namespace {

std::string_view document_of(std::string_view nsp) noexcept {
    return nsp.substr(y_socket_io::prefix.size());
}

bool is_own(std::string_view nsp) noexcept {
    return nsp.starts_with(y_socket_io::prefix);
}

// Nothing for nobody, and for a name that clients could not read.
std::string quoted(std::string_view user) {
    std::string json;
    if (!user.empty() && base::is_utf8(user))
        base::json::append_quoted(json, user);
    return json;
}

} // namespace

relay::relay(sio::namespace_api& rooms, std::unique_ptr<application> app, const options& chosen)
    : rooms_(rooms),
      app_(std::move(app)),
      options_(chosen),
      around_{rooms_, *app_, options_, counters_},
      library_(around_) {}

counters relay::counted() const {
    auto sums = counters_;
    library_.add_to(sums);
    return sums;
}

// --- Open WebUI's events ---

bool relay::on_event(
    const sio::peer& from,
    std::string_view name,
    std::optional<std::uint64_t> id,
    sio::arguments& args,
    base::time_point now) {
    if (from.nsp() == "/") {
        const auto kind = options_.open_webui ? open_webui::kind_of(name) : std::nullopt;
        if (kind)
            on_ydoc(from, *kind, id, args, now);
        return kind.has_value();
    }
    if (!options_.y_socket_io || !is_own(from.nsp()))
        return false;
    if (const auto kind = y_socket_io::kind_of(name))
        on_y_socket_io(from, *kind, id, args, false);
    return true;
}

void relay::on_ydoc(
    const sio::peer& from,
    request_kind kind,
    std::optional<std::uint64_t> id,
    const sio::arguments& args,
    base::time_point) {
    request asked{.kind = kind, .how = channel::lists};
    auto read = open_webui::read(kind, args, options_, asked.document);
    if (auto* understood = std::get_if<request>(&read))
        asked = std::move(*understood);
    asked.sid = from.sid().str();
    asked.nsp = "/";
    asked.ack = id;
    if (const auto* why = std::get_if<refusal>(&read))
        return refuse(asked, *why);
    if (asked.data_dropped)
        ++counters_.data_dropped;
    if (kind == request_kind::join)
        return join(std::move(asked), from.user());

    const auto who = visitors_.find(asked.sid);
    const auto seat = who == visitors_.end() ? decltype(who->second.seats.end()){}
                                             : who->second.seats.find(asked.document);
    if (who == visitors_.end() || seat == who->second.seats.end())
        return refuse(asked, refusal::not_joined);
    if (kind == request_kind::leave) {
        const bool passed_on = seat->second.passed_on;
        forget(asked.sid, asked.document);
        if (!passed_on) // it never was in
            return;
    } else if (seat->second.asking) {
        if (seat->second.waiting.size() >= max_waiting)
            return refuse(asked, refusal::busy);
        seat->second.waiting.push_back(std::move(asked));
        return;
    }
    pass_on(std::move(asked));
}

void relay::join(request&& asked, std::string_view user) {
    auto& who = visitors_[asked.sid];
    const bool is_new = !who.seats.contains(asked.document);
    if (is_new && who.seats.size() >= options_.max_documents_a_session)
        return refuse(asked, refusal::too_many_documents);
    auto& seat = who.seats[asked.document];
    who.user = quoted(user);
    seat.claimed = asked.user_id;
    if (!options_.asks_access) {
        seat.passed_on = true;
        if (!who.user.empty())
            asked.user_id = who.user;
        return pass_on(std::move(asked));
    }
    if (seat.asking) {
        if (seat.waiting.size() < max_waiting)
            return seat.waiting.push_back(std::move(asked));
        return refuse(asked, refusal::busy);
    }
    ask_access(asked.sid, asked.document, seat);
    seat.waiting.push_back(std::move(asked));
}

void relay::ask_access(const std::string& sid, const std::string& document, attendance& seat) {
    seat.asking = true;
    app_->tell(
        access_question{
            .document = document, .sid = sid, .nsp = "/", .auth = {}, .user = seat.claimed});
}

void relay::on_bound(const std::string& sid, const std::string& user) {
    const auto found = visitors_.find(sid);
    if (found == visitors_.end())
        return;
    auto& who = found->second;
    who.user = quoted(user);
    for (auto& [document, seat] : who.seats) {
        if (std::exchange(seat.again, seat.asking))
            continue;
        request asked{.kind = request_kind::identify, .how = channel::lists};
        asked.document = document;
        asked.sid = sid;
        asked.nsp = "/";
        asked.user_id = who.user.empty() ? seat.claimed : who.user;
        if (!options_.asks_access) {
            pass_on(std::move(asked));
        } else if (!seat.asking) {
            ask_access(sid, document, seat);
            seat.waiting.push_back(std::move(asked));
        }
    }
}

void relay::on_access(
    const std::string& sid,
    const std::string& nsp,
    const std::string& document,
    access may,
    const std::string& user,
    base::time_point) {
    if (is_own(nsp)) {
        const auto knocked = knocking_.find(sid);
        const bool revoked = knocked != knocking_.end() && knocked->second;
        if (knocked != knocking_.end())
            knocking_.erase(knocked);
        if (may == access::none || revoked)
            return rooms_.refuse(sid, nsp, R"({"message":"Unauthorized"})");
        admitted_ = request{.kind = request_kind::join, .how = channel::y_socket_io};
        admitted_->may_write = may == access::write;
        admitted_->user_id = user;
        rooms_.accept(sid, nsp); // and on_join(), unless it has gone
        admitted_.reset();
        return;
    }
    const auto who = visitors_.find(sid);
    if (who == visitors_.end())
        return;
    const auto found = who->second.seats.find(document);
    if (found == who->second.seats.end() || !std::exchange(found->second.asking, false))
        return;
    auto& seat = found->second;
    if (seat.revoked)
        may = access::none;
    else if (std::exchange(seat.again, false)) // what was answered is about somebody else
        return ask_access(sid, document, seat);
    auto waiting = std::exchange(seat.waiting, {});
    auto identity = user;
    if (identity.empty())
        identity = who->second.user.empty() ? seat.claimed : who->second.user;
    const bool was_in = std::exchange(seat.passed_on, may != access::none);
    if (may == access::none)
        forget(sid, document);
    if (may == access::none && was_in)
        put_out(sid, document);
    for (auto& each : waiting) {
        if (may == access::none) {
            if (each.kind != request_kind::identify)
                refuse(each, refusal::not_allowed);
            continue;
        }
        each.may_write = may == access::write;
        each.user_id = identity;
        pass_on(std::move(each));
    }
}

void relay::revoke(const std::string& sid, const std::string& document) {
    if (const auto knocked = knocking_.find(sid); knocked != knocking_.end())
        knocked->second = true;
    const auto who = visitors_.find(sid);
    if (who == visitors_.end())
        return;
    const auto seat = who->second.seats.find(document);
    if (seat == who->second.seats.end())
        return;
    const bool was_in = std::exchange(seat->second.passed_on, false);
    if (seat->second.asking) // what waits for the answer is refused with it
        seat->second.revoked = true;
    else
        forget(sid, document);
    if (was_in)
        put_out(sid, document);
}

// Behind what it has asked of the document so far: its join, should the document still be loading.
void relay::put_out(const std::string& sid, const std::string& document) {
    app_->at_home_of(
        document,
        {[document, sid](relay& in) { in.library_.put_out(document, sid, in.app_->now()); },
         document.size() + sid.size()});
}

void relay::forget(const std::string& sid, const std::string& document) {
    const auto who = visitors_.find(sid);
    if (who == visitors_.end())
        return;
    who->second.seats.erase(document);
    if (who->second.seats.empty())
        visitors_.erase(who);
}

// --- y-socket.io ---

sio::admission relay::admits(std::string_view nsp) const {
    if (!options_.y_socket_io || !is_own(nsp))
        return sio::admission::none;
    const auto document = document_of(nsp);
    // `note_x` is another name of `note:x` where both dialects are spoken: no way around its
    // access.
    if (document.empty() || document.size() > options_.max_name_bytes ||
        (options_.open_webui && document.starts_with("note_")))
        return sio::admission::none;
    return options_.asks_access ? sio::admission::asked : sio::admission::open;
}

void relay::on_knock(const sio::peer& who, std::string_view auth, base::time_point) {
    knocking_.insert_or_assign(who.sid().str(), false);
    app_->tell(
        access_question{
            .document = std::string(document_of(who.nsp())),
            .sid = who.sid().str(),
            .nsp = std::string(who.nsp()),
            .auth = std::string(auth),
            .user = {}});
}

void relay::on_join(const sio::peer& who, base::time_point) {
    if (admits(who.nsp()) == sio::admission::none)
        return;
    auto asked = admitted_ ? std::move(*admitted_)
                           : request{.kind = request_kind::join, .how = channel::y_socket_io};
    asked.sid = who.sid().str();
    asked.nsp = who.nsp();
    asked.document = document_of(who.nsp());
    visitors_[asked.sid].seats[asked.document].passed_on = true;
    pass_on(std::move(asked));
}

void relay::on_y_socket_io(
    const sio::peer& from,
    request_kind kind,
    std::optional<std::uint64_t> id,
    const sio::arguments& args,
    bool is_answer) {
    request asked{.kind = kind, .how = channel::y_socket_io};
    asked.document = document_of(from.nsp());
    asked.sid = from.sid().str();
    asked.nsp = from.nsp();
    asked.ack = id;
    // What it has from before it has come may be a whole document.
    const auto most = is_answer ? options_.max_document_bytes
                      : kind == request_kind::awareness
                          ? cursors::max_of_member * (options_.max_awareness_bytes + 32)
                          : options_.max_update_bytes;
    const auto read = y_socket_io::bytes_of(args, is_answer, most);
    if (const auto* why = std::get_if<refusal>(&read))
        return refuse(asked, *why);
    asked.bytes = std::get<std::string_view>(read);
    asked.has_update = true;
    pass_on(std::move(asked));
}

void relay::on_answer(
    const sio::peer& from, std::uint64_t, sio::arguments& args, base::time_point) {
    if (options_.y_socket_io && is_own(from.nsp()))
        on_y_socket_io(from, request_kind::update, std::nullopt, args, true);
}

// --- both ---

void relay::on_leave(const sio::peer& who, base::time_point) {
    const auto found = visitors_.find(who.sid().view());
    if (found == visitors_.end())
        return;
    const auto left = std::move(found->second);
    visitors_.erase(found);
    for (const auto& [document, seat] : left.seats) {
        if (!seat.passed_on)
            continue;
        request asked{.kind = request_kind::gone, .how = channel::lists};
        asked.document = document;
        asked.sid = who.sid().str();
        asked.nsp = who.nsp();
        pass_on(std::move(asked));
    }
}

void relay::tell_documents(std::uint64_t question, std::string_view sid) const {
    std::string list = "[";
    if (const auto found = visitors_.find(sid); found != visitors_.end())
        for (const auto& [document, seat] : found->second.seats) {
            if (!seat.passed_on)
                continue;
            if (list.size() > 1)
                list += ',';
            base::json::append_quoted(list, document);
        }
    list += ']';
    app_->tell(server_answer{question, true, std::move(list)});
}

void relay::pass_on(request&& asked) {
    // A copy: what it is called by is moved with it.
    const auto document = asked.document;
    const auto weight = asked.weight();
    app_->at_home_of(
        document,
        {[asked = std::move(asked)](relay& in) mutable {
             in.library_.take(std::move(asked), in.app_->now());
         },
         weight});
}

void relay::refuse(const request& asked, refusal why, std::string_view detail) {
    ++counters_.refused[static_cast<std::size_t>(why)];
    const bool own = asked.how == channel::y_socket_io;
    rooms_.emit_to(
        asked.sid,
        asked.nsp,
        own ? y_socket_io::refused(y_socket_io::event_of(asked.kind), why, detail)
            : open_webui::refused(asked.document, open_webui::event_of(asked.kind), why, detail));
    if (asked.ack && asked.kind != request_kind::sync)
        rooms_.send_ack(asked.sid, asked.nsp, *asked.ack, {"[null]", {}});
}

} // namespace features::yjs
