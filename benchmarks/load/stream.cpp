// Tokens: the server produces 50 small events a second for every client.
#include "load/crowd.hpp"
#include "load/measure.hpp"

#include <cmath>

namespace load {
namespace {

constexpr double deltas_per_second = 50; // for each client; the applications' own figure
constexpr auto more_than_enough = std::chrono::seconds(5);

} // namespace

// `how.event` is "stream", a producer for each client, or "tick", one producer for all.
void stream(const plan& how) {
    loop on;
    crowd clients(on, how.server);
    clients.connect(how.clients);
    clients.ask_all(text_frame(R"(420["join"])"));

    tally counts;
    std::vector<time_point> last(how.clients);
    clients.handlers.packet = [&](websocket_client& one, std::string_view packet) {
        if (packet.front() != '2') {
            return;
        }
        ++counts.messages;
        // How much later than a fiftieth of a second after the one before.
        auto& before = last[one.index()];
        if (before != time_point{}) {
            counts.latencies.record(on.now() - before - from_seconds(1 / deltas_per_second));
        }
        before = on.now();
    };
    const auto lasting = std::ceil(seconds(how.warm_up + how.time + more_than_enough));
    const auto request =
        text_frame("42[\"" + how.event + "\"," + std::to_string(static_cast<int>(lasting)) + "]");
    const auto askers = how.event == "tick" ? 1 : how.clients;
    for (std::size_t i = 0; i < askers; ++i) {
        clients[i].send(request);
    }
    figures to;
    measure(on, how, counts, to);
    const auto wanted = static_cast<double>(how.clients) * deltas_per_second;
    to.add("wanted_per_second", wanted);
    to.print();
}

} // namespace load
