// Clients that hear from the server while a handler does not return: WebSocket pings of theirs,
// sent at a fixed rate and timed from when each was due, and the server's own heartbeats.
#include "load/crowd.hpp"
#include "load/measure.hpp"
#include "load/schedule.hpp"

#include <charconv>
#include <optional>
#include <stdexcept>

namespace load {
namespace {

constexpr double pings_per_second = 1000; // of all clients
constexpr auto before = std::chrono::seconds(3);
constexpr auto begin_within = std::chrono::milliseconds(300); // until the handler holds
constexpr auto after = std::chrono::seconds(5);               // for what was kept waiting
constexpr double held_at_least = 0.9;                         // of the time asked for

struct delays {
    histogram pongs;
    histogram heartbeats; // beyond the interval, counted from the last pong
};

struct window {
    time_point from = time_point::max();
    time_point to = time_point::max();

    [[nodiscard]] bool has(time_point at) const { return at >= from && at < to; }
};

} // namespace

void stall(const plan& how) {
    loop on;
    crowd clients(on, how.server);
    clients.connect(how.clients + 1);
    auto& holder = clients[how.clients];

    delays calm;
    delays stalled;
    window hold;
    std::optional<time_point> released;
    std::vector<time_point> expected(how.clients + 1); // each client's next heartbeat
    schedule due(pings_per_second);
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    // Charged to the time in which it was due, not to that in which it came.
    const auto charge = [&](time_point at) -> delays* {
        return hold.has(at)                                       ? &stalled
               : at < hold.from && hold.from == time_point::max() ? &calm
                                                                  : nullptr;
    };
    clients.handlers.pong = [&](websocket_client&, std::string_view number) {
        std::uint64_t n = 0;
        std::from_chars(number.data(), number.data() + number.size(), n);
        ++answered;
        if (auto* to = charge(due.at(n))) {
            to->pongs.record(on.now() - due.at(n));
        }
    };
    clients.handlers.heartbeat = [&](websocket_client& one) {
        auto& at = expected[one.index()];
        if (at != time_point{} && &one != &holder) {
            if (auto* to = charge(at)) {
                to->heartbeats.record(on.now() - at);
            }
        }
        at = on.now() + how.interval;
    };
    clients.handlers.packet = [&](websocket_client& one, std::string_view packet) {
        if (&one == &holder && packet.starts_with("30")) {
            released = on.now();
        }
    };
    const auto ping = [&](time_point now) {
        for (; due.at(sent) <= now; ++sent) {
            std::string bytes;
            append_frame(bytes, opcode::ping, std::to_string(sent));
            clients[sent % how.clients].send(bytes);
        }
        return due.at(sent);
    };
    const auto never = [] { return false; };
    on.run(clock::now() + before, never, ping);
    const auto asked = clock::now();
    hold = {asked + begin_within, asked + how.time};
    holder.send(text_frame("420[\"hold\"," + std::to_string(seconds(how.time)) + "]"));
    const meter cost(how.process);
    on.run(
        asked + how.time + after,
        [&] { return released && on.now() > hold.to + begin_within; },
        ping);
    if (!released || *released - asked < how.time * held_at_least) {
        throw std::runtime_error("the handler did not hold as long as it was asked to");
    }
    on.run(clock::now() + after, [&] { return answered == sent; });

    figures to;
    cost.read(to, answered);
    const auto add = [&to](const std::string& name, const histogram& values) {
        to.add(name + "_count", static_cast<double>(values.count()));
        to.add(name + "_p50_ms", values.percentile_us(0.50) / 1000);
        to.add(name + "_p99_ms", values.percentile_us(0.99) / 1000);
        to.add(name + "_max_ms", values.max_us() / 1000);
    };
    add("ping", stalled.pongs);
    add("heartbeat", stalled.heartbeats);
    add("calm_ping", calm.pongs);
    add("calm_heartbeat", calm.heartbeats);
    to.add("unanswered", static_cast<double>(sent - answered));
    to.print();
}

} // namespace load
