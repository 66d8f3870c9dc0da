#include "features/rooms/doorman.hpp"

#include "base/json.hpp"
#include "base/json_find.hpp"
#include "base/query.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <utility>

namespace features::rooms {

namespace {

// A value of a client's, as it is told and logged: UTF-8, and not longer than this.
std::string shown(std::string value) {
    constexpr std::size_t most = 200;
    if (!base::is_utf8(value))
        for (auto& c : value)
            if (static_cast<unsigned char>(c) >= 0x80)
                c = '?';
    if (value.size() > most) {
        auto end = most;
        while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80)
            --end;
        value.resize(end);
    }
    return value;
}

void append_list(std::string& out, const std::vector<std::string>& names) {
    out += '[';
    for (const auto& each : names) {
        if (out.back() != '[')
            out += ',';
        base::json::append_quoted(out, each);
    }
    out += ']';
}

// The name, or the list of names, of one member; nothing for what is neither, or too long.
std::optional<std::vector<std::string>>
names_in(std::string_view object, std::string_view member, std::size_t most) {
    std::vector<std::string> names;
    const auto given = base::json::member(object, member);
    if (!given || *given == "null")
        return names;
    if (auto one = base::json::string(*given)) {
        names.push_back(std::move(*one));
        return names;
    }
    if (!given->starts_with('['))
        return std::nullopt;
    for (const auto each : base::json::elements(*given, most + 1)) {
        auto name = base::json::string(each);
        if (!name || names.size() == most)
            return std::nullopt;
        names.push_back(std::move(*name));
    }
    return names;
}

} // namespace

const rules_of_namespace* doorman::rules_of(const sio::peer& who) const {
    if (!rules_)
        return nullptr;
    const auto found = rules_->find(who.nsp());
    return found == rules_->end() ? nullptr : &found->second;
}

void doorman::on_join(const sio::peer& who, base::time_point) {
    const auto* by = rules_of(who);
    if (!by || by->query.empty())
        return;
    const auto query = who.request().query;
    auto last = base::query_parameter(query, "last").value_or("");
    if (last.size() > max_last_bytes || !base::json::valid(last))
        last.clear();
    for (const auto& each : by->query)
        if (auto value = base::query_parameter(query, each.parameter))
            by_value(who, each, std::move(*value), false, {}, last);
}

void doorman::on_leave(const sio::peer& who, base::time_point) {
    visitors_.erase(who.sid());
}

bool doorman::on_event(
    const sio::peer& from,
    std::string_view name,
    std::optional<std::uint64_t> id,
    sio::arguments& args,
    base::time_point) {
    const auto* by = rules_of(from);
    if (!by)
        return false;
    if (by->switches && name == "room:switch") {
        on_switch(from, id, args.json);
        return true;
    }
    const auto found = by->events.find(name);
    if (found == by->events.end())
        return false;
    const auto value = base::json::element(args.json, 1);
    auto text = value ? base::json::string(*value) : std::nullopt;
    by_value(
        from,
        found->second.by,
        text ? std::move(*text) : std::string(value.value_or("")),
        found->second.leaves,
        id);
    return true;
}

void doorman::by_value(
    const sio::peer& who,
    const rule& by,
    std::string value,
    bool leaves,
    std::optional<std::uint64_t> id,
    std::string last) {
    request wanted{
        .joins = {},
        .leaves = {},
        .ack_id = id,
        .last = std::move(last),
        .parameter = by.parameter,
        .value = {}};
    auto room = by.room_for(value);
    wanted.value = shown(std::move(value));
    if (!room) {
        std::string line = "no room for " + who.sid().str() + " by " + by.parameter + " ";
        base::json::append_quoted(line, wanted.value);
        log_.log(base::log_channel::socketio, base::log_level::warning, std::move(line));
        refuse(who, wanted, by.message, {});
        return;
    }
    (leaves ? wanted.leaves : wanted.joins).push_back(std::move(*room));
    begin(who, *rules_of(who), std::move(wanted));
}

void doorman::on_switch(
    const sio::peer& from, std::optional<std::uint64_t> id, std::string_view json) {
    const auto& by = *rules_of(from);
    const auto asked = base::json::element(json, 1).value_or("");
    auto joins = names_in(asked, "join", max_rooms_a_request);
    auto leaves = names_in(asked, "leave", max_rooms_a_request);
    const auto last = base::json::member(asked, "last").value_or("");
    request wanted{
        .joins = {},
        .leaves = {},
        .ack_id = id,
        .last = std::string(last.size() <= max_last_bytes ? last : ""),
        .parameter = {},
        .value = {}};
    if (!asked.starts_with('{') || !joins || !leaves)
        return refuse(
            from, wanted, "room:switch takes {leave, join}: a room, or a list of at most 16", {});
    wanted.joins = std::move(*joins);
    wanted.leaves = std::move(*leaves);
    for (const auto* list : {&wanted.leaves, &wanted.joins})
        for (const auto& room : *list)
            if (!by.governs(room))
                return refuse(from, wanted, "No rule lets clients join or leave this room", room);
    begin(from, by, std::move(wanted));
}

void doorman::begin(const sio::peer& who, const rules_of_namespace& by, request&& wanted) {
    for (const auto& room : wanted.joins) {
        if (!by.is_asked_about(room))
            continue;
        auto& of = visitors_[who.sid()];
        if (of.verdicts.contains(room))
            continue;
        if (of.verdicts.size() >= max_verdicts && of.waiting.empty())
            std::erase_if(of.verdicts, [](const auto& each) {
                return each.second == verdict::allowed || each.second == verdict::refused;
            });
        if (of.waiting.size() >= max_waiting || of.verdicts.size() >= max_verdicts)
            return refuse(who, wanted, "Too many requests are waiting", room);
        of.verdicts.emplace(room, verdict::asked);
        ask_application_({who.sid(), std::string(who.nsp()), room});
    }
    if (settle(who, by, wanted))
        return;
    auto& waiting = visitors_[who.sid()].waiting;
    if (waiting.size() >= max_waiting)
        return refuse(who, wanted, "Too many requests are waiting", {});
    waiting.push_back(std::move(wanted));
}

bool doorman::settle(const sio::peer& who, const rules_of_namespace& by, const request& wanted) {
    const auto found = visitors_.find(who.sid());
    bool waits = false;
    for (const auto& room : wanted.joins) {
        if (found != visitors_.end()) {
            const auto known = found->second.verdicts.find(room);
            if (known != found->second.verdicts.end()) {
                if (known->second == verdict::allowed)
                    continue;
                if (known->second == verdict::asked) {
                    waits = true;
                    continue;
                }
                refuse(who, wanted, "Not allowed", room);
                return true;
            }
        }
        if (by.is_asked_about(room)) { // forgotten since
            refuse(who, wanted, "Not allowed", room);
            return true;
        }
    }
    if (waits)
        return false;
    carry_out(who, wanted);
    return true;
}

void doorman::judged(const sio::peer& who, const std::string& room, bool allowed) {
    const auto found = visitors_.find(who.sid());
    if (found == visitors_.end())
        return;
    const auto known = found->second.verdicts.find(room);
    if (known == found->second.verdicts.end() || known->second != verdict::asked)
        return; // revoked meanwhile
    known->second = allowed ? verdict::allowed : verdict::refused;
    answer_waiting(who);
}

void doorman::revoke(const sio::peer& who, const std::string& room) {
    visitors_[who.sid()].verdicts.insert_or_assign(room, verdict::revoked);
    if (who.in_room(room) && room != who.sid()) {
        rooms_.leave_room(who.sid(), who.nsp(), room);
        std::string told = "[\"room:revoked\",{\"room\":";
        base::json::append_quoted(told, room);
        told += "}]";
        rooms_.emit_to(who.sid(), who.nsp(), {std::move(told), {}});
    }
    answer_waiting(who);
}

// In the order in which they were asked.
void doorman::answer_waiting(const sio::peer& who) {
    const auto* by = rules_of(who);
    auto& waiting = visitors_[who.sid()].waiting;
    if (by)
        std::erase_if(waiting, [&](const request& each) { return settle(who, *by, each); });
    else
        waiting.clear();
}

void doorman::carry_out(const sio::peer& who, const request& wanted) {
    for (const auto& room : wanted.leaves)
        if (room != who.sid())
            rooms_.leave_room(who.sid(), who.nsp(), room);
    for (const auto& room : wanted.joins) {
        const auto given = base::json::member(wanted.last, room);
        const auto last = given ? base::json::string(*given) : std::nullopt;
        if (last && catch_up_ && !who.in_room(room) && catch_up_(who, room, *last))
            continue; // it comes in behind what it has missed
        rooms_.enter_room(who.sid(), who.nsp(), room);
        if (!who.in_room(room))
            return refuse(who, wanted, "The server has no place in this room", room);
    }
    if (!wanted.ack_id)
        return;
    std::string told = "[{\"ok\":true,\"left\":";
    append_list(told, wanted.leaves);
    told += ",\"joined\":";
    append_list(told, wanted.joins);
    told += "}]";
    rooms_.send_ack(who.sid(), who.nsp(), *wanted.ack_id, {std::move(told), {}});
}

void doorman::refuse(
    const sio::peer& who, const request& wanted, std::string_view why, std::string_view room) {
    if (wanted.ack_id) {
        std::string told = "[{\"ok\":false,\"error\":";
        base::json::append_quoted(told, why);
        if (!room.empty()) {
            told += ",\"room\":";
            base::json::append_quoted(told, room);
        }
        told += "}]";
        rooms_.send_ack(who.sid(), who.nsp(), *wanted.ack_id, {std::move(told), {}});
    }
    if (wanted.ack_id && wanted.parameter.empty())
        return; // the answer says it all
    std::string told = "[\"room:error\",{\"message\":";
    base::json::append_quoted(told, why);
    if (!wanted.parameter.empty() || !room.empty()) {
        told += ',';
        base::json::append_quoted(told, wanted.parameter.empty() ? "room" : wanted.parameter);
        told += ':';
        base::json::append_quoted(told, wanted.parameter.empty() ? room : wanted.value);
    }
    told += "}]";
    rooms_.emit_to(who.sid(), who.nsp(), {std::move(told), {}});
}

} // namespace features::rooms
