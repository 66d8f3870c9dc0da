// One client has the server send to a room of all, and every delivery counts.
#include "load/crowd.hpp"
#include "load/measure.hpp"

#include <deque>

namespace load {

void broadcast(const plan& how) {
    loop on;
    crowd clients(on, how.server);
    clients.connect(how.clients);
    clients.ask_all(text_frame(R"(420["join"])"));

    tally counts;               // of deliveries; latencies of whole broadcasts
    std::uint64_t all_time = 0; // since before the warm-up, which `counts` forgets
    std::uint64_t completed = 0;
    std::deque<time_point> asked_at;
    const auto request = text_frame("42" + event_of("spread", how.payload));
    const auto ask = [&](time_point now) {
        asked_at.push_back(now);
        clients[0].send(request);
    };
    clients.handlers.packet = [&](websocket_client&, std::string_view packet) {
        if (packet.front() != '2') {
            return;
        }
        ++counts.messages;
        if (++all_time == (completed + 1) * how.clients) {
            ++completed;
            counts.latencies.record(on.now() - asked_at.front());
            asked_at.pop_front();
            ask(on.now());
        }
    };
    for (std::size_t i = 0; i < how.in_flight; ++i) {
        ask(clock::now());
    }
    figures to;
    measure(on, how, counts, to, {}, &completed);
    to.add("retries", static_cast<double>(clients.retries()));
    to.print();
}

} // namespace load
