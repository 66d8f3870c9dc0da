// Rooms as the application uses them, and a broadcast to one, over sessions whose transports take
// everything at once.
#include "micro/parts.hpp"
#include "micro/stopwatch.hpp"
#include "sio/world.hpp"

#include <memory>
#include <string>
#include <vector>

namespace micro {
namespace {

struct population {
    explicit population(std::size_t count, sio::config options = {}) : world(options) {
        for (std::size_t i = 0; i < count; ++i) {
            members.push_back(world.join());
            world.app.sids.clear(); // which it looks through for each
        }
    }
    void enter(const std::string& room) {
        for (const auto& [transport, sid] : members) {
            keep(world.sio.enter_room(sid, "/", room));
        }
    }
    void forget_sent() {
        world.turn();
        for (auto& [transport, sid] : members) {
            transport->sent.clear();
        }
    }

    fake::sio_world world;
    std::vector<std::pair<std::shared_ptr<fake::websocket>, std::string>> members;
};

} // namespace

void rooms() {
    constexpr std::size_t count = 1000;
    population all(count);
    auto& server = all.world.sio;

    measure("room, enter and leave again (empty before)", [&] {
        const auto& sid = all.members.front().second;
        keep(server.enter_room(sid, "/", "nobody else"));
        server.leave_room(sid, "/", "nobody else");
    });
    all.enter("everybody");
    measure("room of 1,000, leave and enter again", [&] {
        const auto& sid = all.members[count / 2].second;
        server.leave_room(sid, "/", "everybody");
        keep(server.enter_room(sid, "/", "everybody"));
    });
    const sio::selection everybody{std::vector<std::string>{"everybody"}, {}};
    const sio::arguments news{R"(["news","xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"])", {}};
    measure(
        "emit to a room of 1,000, for each member",
        count,
        [&] { server.emit("/", everybody, news, 0); },
        [&] { all.forget_sent(); });
    {
        constexpr std::size_t large = 10'000;
        population crowd(large);
        crowd.enter("everybody");
        measure(
            "emit to a room of 10,000, for each member",
            large,
            [&] { crowd.world.sio.emit("/", everybody, news, 0); },
            [&] { crowd.forget_sent(); });
        measure(
            "emit that asks for acks to a room of 10,000, for each member",
            large,
            [&] { crowd.world.sio.emit("/", everybody, news, 1); },
            [&] {
                crowd.world.sio.forget_token(1);
                crowd.forget_sent();
            });
    }
    {
        // What each keeps is freed as its pongs would: once for a hundred events.
        constexpr std::size_t large = 10'000;
        sio::config recovering;
        recovering.recovery.on = true;
        population crowd(large, recovering);
        crowd.enter("everybody");
        int events = 0;
        measure(
            "emit to a room of 10,000 who may come back, for each member",
            large,
            [&] { crowd.world.sio.emit("/", everybody, news, 0); },
            [&] {
                crowd.forget_sent();
                if (++events % 100 != 0)
                    return;
                crowd.world.now += std::chrono::seconds(26);
                crowd.world.eio.sweep(crowd.world.now);
                crowd.forget_sent();
                for (auto& [transport, sid] : crowd.members)
                    transport->owner->on_frame(*transport, "3", false, crowd.world.now);
            });
    }
    const sio::selection one{std::vector<std::string>{all.members[7].second}, {}};
    measure(
        "emit to one by its sid",
        1,
        [&] { server.emit("/", one, news, 0); },
        [&] { all.forget_sent(); });
}

} // namespace micro
