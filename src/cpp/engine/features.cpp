#include "engine/features.hpp"

#include <algorithm>

namespace engine {

std::optional<base::time_point> features::next_deadline() const {
    std::optional<base::time_point> soonest;
    for (const auto& each : all_)
        if (const auto next = each->next_deadline())
            soonest = soonest ? std::min(*soonest, *next) : *next;
    return soonest;
}

void features::sweep(base::time_point now) {
    for (const auto& each : all_)
        each->sweep(now);
}

void features::on_join(const sio::peer& who) {
    if (all_.empty())
        return;
    const auto now = time_.now();
    for (const auto& each : all_)
        each->on_join(who, now);
    changed_();
}

void features::on_leave(const sio::peer& who) {
    if (all_.empty())
        return;
    const auto now = time_.now();
    for (const auto& each : all_)
        each->on_leave(who, now);
    changed_();
}

void features::on_leave_room(const sio::peer& who, std::string_view room) {
    if (all_.empty())
        return;
    const auto now = time_.now();
    for (const auto& each : all_)
        each->on_leave_room(who, room, now);
    changed_();
}

bool features::on_event(
    const sio::peer& from,
    std::string_view name,
    std::optional<std::uint64_t> id,
    sio::arguments& args) {
    if (all_.empty())
        return false;
    const auto now = time_.now();
    const bool taken = std::ranges::any_of(
        all_, [&](const auto& each) { return each->on_event(from, name, id, args, now); });
    changed_();
    return taken;
}

void features::on_reply(const sio::peer& to, std::uint64_t id, const sio::arguments& args) {
    for (const auto& each : all_)
        each->on_reply(to, id, args);
}

void features::on_answer(const sio::peer& from, std::uint64_t question, sio::arguments& args) {
    const auto now = time_.now();
    for (const auto& each : all_)
        each->on_answer(from, question, args, now);
    changed_();
}

sio::admission features::admits(std::string_view nsp) const {
    for (const auto& each : all_)
        if (const auto admitted = each->admits(nsp); admitted != sio::admission::none)
            return admitted;
    return sio::admission::none;
}

void features::on_knock(const sio::peer& who, std::string_view auth) {
    const auto now = time_.now();
    for (const auto& each : all_)
        if (each->admits(who.nsp()) == sio::admission::asked) {
            each->on_knock(who, auth, now);
            break; // it may be gone
        }
    changed_();
}

} // namespace engine
