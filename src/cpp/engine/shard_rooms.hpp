// What the features of one shard do with clients: its own at once, those of its siblings by post.
#pragma once

#include "engine/shards.hpp"
#include "sio/namespace_api.hpp"

namespace sio {
class server;
}

namespace engine {

class shard_rooms final : public sio::namespace_api {
public:
    shard_rooms(sio::server& own, unsigned index, shards& all) noexcept
        : own_(own), index_(index), all_(all) {}

    void
    emit(std::string_view nsp, const sio::selection& whom, const sio::arguments& args) override;
    void send_ack(
        std::string_view sid,
        std::string_view nsp,
        std::uint64_t id,
        const sio::arguments& args) override;
    void enter_room(std::string_view sid, std::string_view nsp, std::string_view room) override;
    void leave_room(std::string_view sid, std::string_view nsp, std::string_view room) override;
    void disconnect(std::string_view sid, std::string_view nsp) override;
    [[nodiscard]] std::optional<base::time_point>
    active_at(std::string_view sid, std::string_view nsp) const override;
    void
    ask(std::string_view sid,
        std::string_view nsp,
        const sio::arguments& args,
        std::uint64_t question) override;
    void accept(std::string_view sid, std::string_view nsp) override;
    void refuse(std::string_view sid, std::string_view nsp, std::string_view reason) override;

private:
    // On the shard that the sid is of.
    template <class Command>
    void at_home_of(std::string_view sid, Command command);

    sio::server& own_;
    const unsigned index_;
    shards& all_;
};

} // namespace engine
