#include "sio/module.hpp"

#include "eio/session.hpp"
#include "sio/client.hpp"
#include "sio/nsp.hpp"
#include "sio/socket.hpp"

#include <algorithm>
#include <utility>

namespace sio {

const base::sid& peer::sid() const noexcept {
    return socket_.sid;
}

const base::sid& peer::eio_sid() const noexcept {
    return socket_.eio_sid;
}

std::string_view peer::nsp() const noexcept {
    return socket_.home.name();
}

bool peer::in_room(std::string_view room) const noexcept {
    return room == socket_.sid ||
           std::ranges::any_of(
               socket_.rooms_joined, [room](const auto& each) { return each.first->name == room; });
}

std::string_view peer::user() const noexcept {
    for (const auto& [joined, place] : socket_.rooms_joined)
        if (is_user_room(joined->name))
            return std::string_view(joined->name).substr(user_room_prefix.size());
    return {};
}

base::time_point peer::active_at() const noexcept {
    return socket_.owner ? socket_.owner->active_at : base::time_point{};
}

handshake peer::request() const {
    if (!socket_.owner)
        return {};
    auto head = socket_.owner->session().request();
    return {std::move(head.query), std::move(head.remote_address)};
}

} // namespace sio
