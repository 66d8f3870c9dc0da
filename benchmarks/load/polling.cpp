// Echo over long-polling: every client posts an event, polls until it has the ack, and again.
#include "load/measure.hpp"
#include "load/polling_client.hpp"

#include <memory>
#include <stdexcept>
#include <vector>

namespace load {

void polling(const plan& how) {
    loop on;
    std::vector<std::unique_ptr<polling_client>> clients;
    std::vector<time_point> sent_at(how.clients);
    const auto request = "420" + event_of("echo", how.payload);
    tally counts; // of HTTP requests; latencies of whole echoes
    std::size_t connected = 0;
    polling_handlers handlers;
    const auto ask = [&](polling_client& one) {
        sent_at[one.index()] = on.now();
        one.send(request, true);
    };
    handlers.connected = [&](polling_client&) { ++connected; };
    handlers.response = [&](polling_client&) { ++counts.messages; };
    for (std::size_t i = 0; i < how.clients; ++i) {
        clients.push_back(std::make_unique<polling_client>(on, how.server, handlers, i));
    }
    if (!on.run(
            clock::now() + std::chrono::seconds(20), [&] { return connected == how.clients; })) {
        throw std::runtime_error("not every polling client was connected in time");
    }
    handlers.packet = [&](polling_client& one, std::string_view packet) {
        if (packet.starts_with("30")) {
            counts.latencies.record(on.now() - sent_at[one.index()]);
            ask(one);
        }
    };
    for (auto& one : clients) {
        ask(*one);
    }
    figures to;
    measure(on, how, counts, to);
    to.print();
}

} // namespace load
