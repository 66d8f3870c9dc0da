#include "engine/shard_rooms.hpp"

#include "base/sid.hpp"
#include "sio/server.hpp"

#include <memory>
#include <string>
#include <utility>

namespace engine {

void shard_rooms::emit(
    std::string_view nsp, const sio::selection& whom, const sio::arguments& args) {
    if (all_.count() > 1) {
        struct emission {
            std::string nsp;
            sio::selection whom;
            std::string json;
            std::vector<std::string> attachments; // a shard frames its own copy in place
        };
        auto copied = emission{std::string(nsp), whom, args.json, {}};
        for (const auto& each : args.attachments)
            copied.attachments.emplace_back(each.view());
        const auto shared = std::make_shared<const emission>(std::move(copied));
        for (unsigned each = 0; each < all_.count(); ++each) {
            if (each == index_)
                continue;
            all_[each].post([shared](shard_context& in) {
                sio::arguments own{shared->json, {}};
                for (const auto& bytes : shared->attachments)
                    own.attachments.emplace_back(bytes);
                in.sio().emit(shared->nsp, shared->whom, own, 0);
            });
        }
    }
    own_.emit(nsp, whom, args, 0);
}

template <class Command>
void shard_rooms::at_home_of(std::string_view sid, Command command) {
    const auto home = owner_of(sid, all_.count());
    if (home == index_)
        command(own_);
    else
        all_[home].post([command = std::move(command)](shard_context& in) { command(in.sio()); });
}

void shard_rooms::send_ack(
    std::string_view sid, std::string_view nsp, std::uint64_t id, const sio::arguments& args) {
    at_home_of(sid, [sid = std::string(sid), nsp = std::string(nsp), id, args](sio::server& in) {
        in.send_ack(sid, nsp, id, args);
    });
}

void shard_rooms::enter_room(std::string_view sid, std::string_view nsp, std::string_view room) {
    if (all_.count() > 1 && base::shard_of(room, all_.count()))
        all_.room_like_a_sid = true; // before it has a member
    at_home_of(
        sid,
        [sid = std::string(sid), nsp = std::string(nsp), room = std::string(room)](
            sio::server& in) { (void)in.enter_room(sid, nsp, room); });
}

void shard_rooms::leave_room(std::string_view sid, std::string_view nsp, std::string_view room) {
    at_home_of(
        sid,
        [sid = std::string(sid), nsp = std::string(nsp), room = std::string(room)](
            sio::server& in) { in.leave_room(sid, nsp, room); });
}

void shard_rooms::disconnect(std::string_view sid, std::string_view nsp) {
    at_home_of(sid, [sid = std::string(sid), nsp = std::string(nsp)](sio::server& in) {
        in.disconnect(sid, nsp);
    });
}

std::optional<base::time_point>
shard_rooms::active_at(std::string_view sid, std::string_view nsp) const {
    const auto* found = own_.find(sid, nsp);
    return found && found->owner ? std::optional(sio::peer(*found).active_at()) : std::nullopt;
}

void shard_rooms::ask(
    std::string_view sid,
    std::string_view nsp,
    const sio::arguments& args,
    std::uint64_t question) {
    at_home_of(
        sid, [sid = std::string(sid), nsp = std::string(nsp), args, question](sio::server& in) {
            in.ask(sid, nsp, args, question);
        });
}

void shard_rooms::accept(std::string_view sid, std::string_view nsp) {
    at_home_of(sid, [sid = std::string(sid), nsp = std::string(nsp)](sio::server& in) {
        in.accept(sid, nsp);
    });
}

void shard_rooms::refuse(std::string_view sid, std::string_view nsp, std::string_view reason) {
    at_home_of(
        sid,
        [sid = std::string(sid), nsp = std::string(nsp), reason = std::string(reason)](
            sio::server& in) { in.refuse(sid, nsp, reason); });
}

} // namespace engine
