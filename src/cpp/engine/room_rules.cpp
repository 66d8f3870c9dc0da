#include "engine/room_rules.hpp"

#include "base/string_hash.hpp"
#include "engine/ask.hpp"
#include "engine/features.hpp"
#include "engine/notification.hpp"
#include "engine/replay.hpp"
#include "features/rooms/doorman.hpp"
#include "sio/server.hpp"
#include "sio/socket.hpp"

#include <algorithm>
#include <iterator>

namespace engine {

namespace {

using ::features::rooms::doorman;

doorman& doorman_of(shard_context& in) {
    auto& modules = in.modules();
    if (auto* found = modules.find<doorman>())
        return *found;
    return modules.add(
        std::make_unique<doorman>(
            modules.rooms(),
            in.logs(),
            [&in](::features::rooms::question&& asked) { in.tell(std::move(asked)); },
            [&in](const sio::peer& who, const std::string& room, const std::string& last) {
                return catch_up(in, who.sid(), who.nsp(), room, last);
            }));
}

const sio::socket* connected(shard_context& in, std::string_view sid, std::string_view nsp) {
    const auto* found = in.sio().find(sid, nsp);
    return found && found->has_joined ? found : nullptr;
}

} // namespace

void set_room_rules(engine& of, std::shared_ptr<const ::features::rooms::rules> rules) {
    if (const auto to = of.current())
        for (unsigned each = 0; each < to->count(); ++each)
            (*to)[each].post([rules](shard_context& in) { doorman_of(in).use(rules); });
}

void room_judged(engine& of, std::string sid, std::string nsp, std::string room, bool allowed) {
    const auto to = of.current();
    if (!to)
        return;
    auto& home = (*to)[owner_of(sid, to->count())];
    home.post([sid = std::move(sid), nsp = std::move(nsp), room = std::move(room), allowed](
                  shard_context& in) {
        if (const auto* who = connected(in, sid, nsp))
            doorman_of(in).judged(sio::peer(*who), room, allowed);
    });
}

bool revoke_room(engine& of, std::string_view sid, std::string_view nsp, const std::string& room) {
    return ask(of.current(), owner_of(sid, of.threads()), [&](shard_context& in) {
        const auto* who = connected(in, sid, nsp);
        if (who)
            doorman_of(in).revoke(sio::peer(*who), room);
        return who != nullptr;
    });
}

std::vector<std::pair<std::string, sio::room_figures>> watch_rooms(engine& of) {
    std::vector<std::pair<std::string, sio::room_figures>> all;
    for (auto& each :
         ask_all(of.current(), [](shard_context& in) { return in.sio().watch_rooms(); }))
        std::ranges::move(each, std::back_inserter(all));
    return all;
}

room_statistics room_counts(engine& of, std::string_view nsp) {
    room_statistics total;
    base::string_map<std::size_t> places; // in the list
    for (auto& each : ask_all(of.current(), [nsp](shard_context& in) {
             return room_statistics{in.sio().room_size(nsp, {}), in.sio().room_counts(nsp)};
         })) {
        total.sockets += each.sockets;
        for (auto& room : each.rooms) {
            const auto [place, is_new] = places.emplace(room.name, total.rooms.size());
            if (is_new) {
                total.rooms.push_back(std::move(room));
                continue;
            }
            auto& sum = total.rooms[place->second];
            sum.members += room.members;
            sum.sent += room.sent;
        }
    }
    return total;
}

} // namespace engine
