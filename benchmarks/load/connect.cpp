// Connection rate: a fixed number of clients connect, join the namespace, leave, and come again.
#include "load/measure.hpp"
#include "load/polling_client.hpp"
#include "load/websocket_client.hpp"

#include <memory>
#include <vector>

namespace load {
namespace {

constexpr auto goodbye_limit = std::chrono::seconds(2); // then the client hangs up

template <class Client>
struct place {
    std::unique_ptr<Client> client;
    time_point began;
    bool gone = false;
};

template <class Client, class Handlers>
void connect_and_leave(const plan& how) {
    loop on;
    tally counts; // of clients that were in the namespace and have left
    std::uint64_t not_released = 0;
    std::vector<place<Client>> places(how.in_flight);
    Handlers handlers;
    handlers.connected = [](Client& one) { one.leave(); };
    handlers.gone = [&](Client& one) {
        if (!one.connected_once) {
            throw std::runtime_error("the server closed a client before it was connected");
        }
        auto& mine = places[one.index()];
        mine.gone = true;
        counts.latencies.record(on.now() - mine.began);
        ++counts.messages;
    };
    const auto come = [&](std::size_t index) {
        auto& mine = places[index];
        mine.began = clock::now();
        mine.gone = false;
        mine.client = std::make_unique<Client>(on, how.server, handlers, index);
    };
    // A client cannot be replaced while it is being served: between turns it can.
    const auto refill = [&] {
        for (std::size_t i = 0; i < places.size(); ++i) {
            if (!places[i].client || places[i].gone) {
                come(i);
            } else if (on.now() - places[i].began > goodbye_limit) {
                ++not_released;
                come(i);
            }
        }
        return false;
    };
    on.run(clock::now() + how.warm_up, refill);
    counts.clear();
    not_released = 0;
    const meter cost(how.process);
    on.run(clock::now() + how.time, refill);
    figures to;
    cost.read(to, counts.messages);
    to.add_latencies(counts.latencies);
    to.add("not_released", static_cast<double>(not_released));
    to.print();
}

} // namespace

void connect_websocket(const plan& how) {
    connect_and_leave<websocket_client, websocket_handlers>(how);
}

void connect_polling(const plan& how) {
    connect_and_leave<polling_client, polling_handlers>(how);
}

} // namespace load
