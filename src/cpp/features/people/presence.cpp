#include "features/people/presence.hpp"

#include <algorithm>
#include <memory>

namespace features::people {

void presence::configure(const settings& with) noexcept {
    settings_ = with;
    board_.configure(with);
}

void presence::watch(
    std::string_view sid, std::string_view nsp, bool joined, base::time_point now) {
    const auto parsed = base::sid::parse(sid);
    if (!parsed || clients_.find(sid))
        return;
    auto made = std::make_unique<client>();
    made->sid = *parsed;
    made->joined = joined;
    made->nsp = nsp;
    looks_.set(clients_.add(std::move(made)), now + settings_.idle_after);
}

void presence::unwatch(std::string_view sid, base::time_point) {
    auto* found = clients_.find(sid);
    if (!found)
        return;
    looks_.clear(*found);
    const auto gone = clients_.take(*found);
    all_->everywhere([sid = gone->sid](board& at, base::time_point then) { at.forget(sid, then); });
}

void presence::on_join(const sio::peer& who, base::time_point) {
    auto* found = clients_.find(who.sid());
    if (!found || found->joined)
        return;
    found->joined = true;
    all_->everywhere([sid = found->sid](board& at, base::time_point then) { at.greet(sid, then); });
}

void presence::on_leave(const sio::peer& who, base::time_point) {
    auto* found = clients_.find(who.sid());
    if (!found)
        return;
    looks_.clear(*found);
    const auto gone = clients_.take(*found);
    all_->everywhere([sid = gone->sid](board& at, base::time_point then) { at.lose(sid, then); });
}

void presence::on_leave_room(const sio::peer& who, std::string_view room, base::time_point) {
    if (!clients_.find(who.sid()))
        return;
    auto where = place(who.nsp(), room);
    all_->at_home_of(where, [where, sid = who.sid()](board& at, base::time_point then) {
        at.untrack(where, sid, then);
    });
}

bool presence::on_event(
    const sio::peer& from,
    std::string_view,
    std::optional<std::uint64_t>,
    sio::arguments&,
    base::time_point now) {
    auto* found = clients_.empty() ? nullptr : clients_.find(from.sid());
    if (found && found->idle)
        look_at(*found, now);
    return false;
}

void presence::look_at(client& who, base::time_point now) {
    const auto active = rooms_.active_at(who.sid, who.nsp);
    const auto idle_at = active.value_or(now) + settings_.idle_after;
    set_idle(who, idle_at <= now);
    looks_.set(
        who,
        who.idle ? now + std::min<base::clock::duration>(second_look, settings_.idle_after)
                 : idle_at);
}

void presence::set_idle(client& who, bool idle) {
    if (std::exchange(who.idle, idle) == idle)
        return;
    all_->everywhere(
        [sid = who.sid, idle](board& at, base::time_point then) { at.set_idle(sid, idle, then); });
}

std::optional<base::time_point> presence::next_deadline() const {
    const auto topics = board_.next_deadline();
    const auto look = looks_.soonest();
    return topics && look ? std::min(*topics, *look) : topics ? topics : look;
}

void presence::sweep(base::time_point now) {
    while (auto* due = looks_.take_due(now))
        look_at(*due, now);
    board_.sweep(now);
}

} // namespace features::people
