// Events that come back to their sender: as an ack, or as an event of the server's own.
#include "load/crowd.hpp"
#include "load/measure.hpp"
#include "load/schedule.hpp"

#include <charconv>
#include <deque>
#include <limits>
#include <stdexcept>

namespace load {
namespace {

constexpr auto drain_limit = std::chrono::seconds(2);

// The id of an ack packet, `3<id>[…`.
std::uint64_t ack_id(std::string_view packet) {
    std::uint64_t id = 0;
    const auto* end = packet.data() + packet.size();
    if (packet.front() != '3' || std::from_chars(packet.data() + 1, end, id).ec != std::errc{}) {
        throw std::runtime_error("not an ack: " + std::string(packet));
    }
    return id;
}

// Every client keeps `in_flight` requests under way. Latency is what a waiting client sees.
void closed_loop(loop& on, crowd& clients, const plan& how, figures& to) {
    std::vector<std::string> requests; // by ack id, which a client uses again once it is answered
    for (std::size_t id = 0; id < how.in_flight; ++id) {
        requests.push_back(text_frame("42" + std::to_string(id) + event_of("echo", how.payload)));
    }
    std::vector<time_point> sent_at(how.clients * how.in_flight);
    tally counts;
    clients.handlers.packet = [&](websocket_client& from, std::string_view packet) {
        const auto id = ack_id(packet);
        if (id >= how.in_flight) {
            throw std::runtime_error("an ack that nobody asked for");
        }
        auto& sent = sent_at[from.index() * how.in_flight + id];
        counts.latencies.record(on.now() - sent);
        ++counts.messages;
        sent = on.now();
        from.send(requests[id]);
    };
    for (std::size_t i = 0; i < how.clients; ++i) {
        for (std::size_t id = 0; id < how.in_flight; ++id) {
            sent_at[i * how.in_flight + id] = clock::now();
            clients[i].send(requests[id]);
        }
    }
    measure(on, how, counts, to);
}

// The clients take turns at a fixed rate, whether the server keeps up or not, and latency counts
// from when a request was due: a server that stalls is charged for all that it kept waiting.
void open_loop(loop& on, crowd& clients, const plan& how, figures& to) {
    const auto rest = event_of("echo", how.payload);
    schedule due(how.rate);
    std::vector<bool> answered; // by number: the nth is asked by client n % clients, n is its id
    std::uint64_t first = std::numeric_limits<std::uint64_t>::max(); // of those that are measured
    std::uint64_t missing = 0;
    tally counts;
    clients.handlers.packet = [&](websocket_client&, std::string_view packet) {
        const auto number = ack_id(packet);
        answered.at(number) = true;
        ++counts.messages;
        if (number >= first) {
            counts.latencies.record(on.now() - due.at(number));
            --missing;
        }
    };
    const auto ask = [&](time_point now) {
        for (auto number = answered.size(); due.at(number) <= now; ++number) {
            answered.push_back(false);
            missing += number >= first;
            clients[number % how.clients].send(text_frame("42" + std::to_string(number) + rest));
        }
        return due.at(answered.size());
    };
    const auto never = [] { return false; };
    on.run(clock::now() + how.warm_up, never, ask);
    first = answered.size();
    counts.clear();
    const meter cost(how.process);
    on.run(clock::now() + how.time, never, ask);
    cost.read(to, counts.messages);

    // Who has had no answer until now is charged with the time since it was due.
    on.run(clock::now() + drain_limit, [&] { return missing == 0; });
    const auto now = clock::now();
    for (auto number = first; number < answered.size(); ++number) {
        if (!answered[number]) {
            counts.latencies.record(now - due.at(number));
        }
    }
    to.add_latencies(counts.latencies);
    to.add("asked_per_second", how.rate);
    to.add("unanswered", static_cast<double>(missing));
}

} // namespace

void echo(const plan& how) {
    loop on;
    crowd clients(on, how.server);
    clients.connect(how.clients);
    figures to;
    if (how.rate > 0) {
        open_loop(on, clients, how, to);
    } else {
        closed_loop(on, clients, how, to);
    }
    to.print();
}

void to_one(const plan& how) {
    loop on;
    crowd clients(on, how.server);
    clients.connect(how.clients);
    const auto request = text_frame("42" + event_of("one", how.payload));
    std::vector<std::deque<time_point>> sent_at(how.clients); // answered in order
    tally counts;
    clients.handlers.packet = [&](websocket_client& from, std::string_view) {
        auto& sent = sent_at[from.index()];
        if (sent.empty()) {
            throw std::runtime_error("an event that nobody asked for");
        }
        counts.latencies.record(on.now() - sent.front());
        sent.pop_front();
        sent.push_back(on.now());
        ++counts.messages;
        from.send(request);
    };
    for (std::size_t i = 0; i < how.clients; ++i) {
        sent_at[i].assign(how.in_flight, clock::now());
        for (std::size_t n = 0; n < how.in_flight; ++n) {
            clients[i].send(request);
        }
    }
    figures to;
    measure(on, how, counts, to);
    to.print();
}

} // namespace load
