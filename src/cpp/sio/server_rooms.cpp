// Who comes into rooms and out of them, and who is told.
#include "eio/session.hpp"
#include "sio/server.hpp"

#include <algorithm>
#include <utility>

namespace sio {

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

} // namespace sio
