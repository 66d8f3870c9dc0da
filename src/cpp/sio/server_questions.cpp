// What the application wants to know of clients, namespaces and rooms.
#include "sio/server.hpp"

namespace sio {

const socket* server::find(std::string_view sid, std::string_view nsp) const {
    return find_socket(sid, nsp);
}

const socket* server::find_of_session(std::string_view eio_sid, std::string_view nsp) const {
    const auto* found = clients_.find(eio_sid);
    return found ? found->find(nsp) : nullptr;
}

std::vector<std::string> server::rooms(std::string_view sid, std::string_view nsp) const {
    std::vector<std::string> names;
    if (const auto* asked = find_socket(sid, nsp)) {
        names.push_back(asked->sid.str());
        for (const auto& [joined, place] : asked->rooms_joined)
            if (!is_user_room(joined->name))
                names.push_back(joined->name);
    }
    return names;
}

std::vector<std::pair<std::string, std::string>>
server::participants(std::string_view nsp, const selection& whom) {
    std::vector<std::pair<std::string, std::string>> list;
    if (auto* home = find_nsp(nsp))
        home->for_each(whom, [&](const socket& each) {
            if (each.state != socket_state::waiting) // of whom nobody knows yet
                list.emplace_back(each.sid.str(), each.eio_sid.str());
        });
    return list;
}

std::size_t server::room_size(std::string_view nsp, const std::optional<std::string>& room) const {
    const auto* home = find_nsp(nsp);
    if (!home)
        return 0;
    if (!room)
        return home->sockets().size();
    const auto* members = home->room_index().find(*room);
    return (members ? members->members.size() : 0) + (home->find(*room) ? 1 : 0);
}

std::vector<room_figures> server::room_counts(std::string_view nsp) const {
    std::vector<room_figures> counts;
    if (const auto* home = find_nsp(nsp))
        for (const auto& each : home->room_index().all())
            if (!is_user_room(each->name))
                counts.push_back({each->name, each->members.size(), each->sent});
    return counts;
}

std::vector<std::string> server::namespaces() const {
    std::vector<std::string> names;
    for (const auto& [name, home] : namespaces_)
        names.push_back(name);
    return names;
}

std::vector<std::string> server::room_names(std::string_view nsp) const {
    std::vector<std::string> names;
    if (const auto* home = find_nsp(nsp)) {
        for (const auto* each : home->sockets())
            names.push_back(each->sid.str());
        for (const auto& each : home->room_index().all())
            if (!is_user_room(each->name))
                names.push_back(each->name);
    }
    return names;
}

std::size_t server::socket_count() const noexcept {
    std::size_t count = 0;
    for (const auto& [name, home] : namespaces_)
        count += home->sockets().size();
    return count;
}

std::vector<std::pair<std::string, std::size_t>> server::socket_counts() const {
    std::vector<std::pair<std::string, std::size_t>> counts;
    for (const auto& [name, home] : namespaces_)
        counts.emplace_back(name, home->sockets().size());
    return counts;
}

std::size_t server::room_count() const noexcept {
    std::size_t count = 0;
    for (const auto& [name, home] : namespaces_)
        count += home->room_index().all().size();
    return count;
}

} // namespace sio
