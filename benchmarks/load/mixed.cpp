// A little of everything at once, at rates that also a slow server can bear: what it costs, and
// how long an echo takes beside the rest.
#include "load/crowd.hpp"
#include "load/measure.hpp"
#include "load/polling_client.hpp"
#include "load/schedule.hpp"

#include <algorithm>
#include <charconv>
#include <memory>

namespace load {
namespace {

constexpr double echoes_per_second = 1000;
constexpr double broadcasts_per_second = 2; // to all WebSocket clients
constexpr double polls_per_second = 100;    // echoes of polling clients: two requests each
constexpr double visits_per_second = 50;    // clients that connect and leave
constexpr std::size_t polling_clients = 50;

// Clients that connect over WebSocket, leave, and are not replaced.
class visitors {
public:
    visitors(loop& on, const plan& how) : loop_(on), how_(how) {
        handlers_.connected = [](websocket_client& one) { one.leave(); };
        handlers_.gone = [this](websocket_client&) { ++left_; };
    }

    void come() {
        std::erase_if(inside_, [](const auto& one) { return !one->is_open(); });
        inside_.push_back(std::make_unique<websocket_client>(loop_, how_.server, handlers_, 0));
    }
    [[nodiscard]] std::uint64_t left() const { return left_; }

private:
    loop& loop_;
    const plan& how_;
    websocket_handlers handlers_;
    std::vector<std::unique_ptr<websocket_client>> inside_;
    std::uint64_t left_ = 0;
};

} // namespace

void mixed(const plan& how) {
    loop on;
    crowd clients(on, how.server);
    clients.connect(how.clients);
    clients.ask_all(text_frame(R"(420["join"])"));
    tally counts; // of all that is received; latencies of echoes over WebSocket

    schedule echoes(echoes_per_second);
    schedule broadcasts(broadcasts_per_second);
    schedule polls(polls_per_second);
    schedule visits(visits_per_second);
    std::uint64_t next_echo = 0, next_broadcast = 0, next_poll = 0, next_visit = 0;

    clients.handlers.packet = [&](websocket_client&, std::string_view packet) {
        ++counts.messages;
        std::uint64_t id = 0;
        if (packet.front() == '3' &&
            std::from_chars(packet.data() + 1, packet.data() + packet.size(), id).ec ==
                std::errc{}) {
            counts.latencies.record(on.now() - echoes.at(id));
        }
    };
    polling_handlers poll_handlers;
    poll_handlers.response = [&](polling_client&) { ++counts.messages; };
    std::vector<std::unique_ptr<polling_client>> pollers;
    for (std::size_t i = 0; i < polling_clients; ++i) {
        pollers.push_back(std::make_unique<polling_client>(on, how.server, poll_handlers, i));
    }
    visitors guests(on, how);

    const auto echo = event_of("echo", how.payload);
    const auto spread = text_frame("42" + event_of("spread", how.payload));
    const auto work = [&](time_point now) {
        for (; echoes.at(next_echo) <= now; ++next_echo) {
            clients[next_echo % how.clients].send(
                text_frame("42" + std::to_string(next_echo) + echo));
        }
        for (; broadcasts.at(next_broadcast) <= now; ++next_broadcast) {
            clients[0].send(spread);
        }
        for (; polls.at(next_poll) <= now; ++next_poll) {
            auto& one = *pollers[next_poll % pollers.size()];
            if (one.connected()) {
                one.send("420" + echo, true);
            }
        }
        for (; visits.at(next_visit) <= now; ++next_visit) {
            guests.come();
        }
        return std::min(
            {echoes.at(next_echo),
             broadcasts.at(next_broadcast),
             polls.at(next_poll),
             visits.at(next_visit)});
    };
    figures to;
    measure(on, how, counts, to, work);
    to.add("visits", static_cast<double>(guests.left()));
    to.print();
}

} // namespace load
