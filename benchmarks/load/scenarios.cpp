#include "load/scenarios.hpp"

#include "load/swarm.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace load {
namespace {

using namespace std::chrono_literals;
using microseconds = std::chrono::duration<double, std::micro>;
using seconds = std::chrono::duration<double>;

constexpr auto connect_limit = 60s;
constexpr auto warm_up = 500ms;
constexpr auto stay_limit = 120s; // an idle run whose harness has died ends by itself

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

void print(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

std::string text_argument(std::size_t size) {
    return "{\"text\":\"" + std::string(size, 'x') + "\"}";
}

void connect_all(swarm& clients, std::size_t count) {
    clients.connect(count, clock::now() + connect_limit);
}

// Count from `begin` on; `count` is what the handlers add to.
template <class Finish>
void measure(swarm& clients, const plan& how, std::uint64_t& count, Finish finish) {
    const auto never = [] { return false; };
    clients.run(clock::now() + warm_up, never);
    count = 0;
    finish.begin();
    const auto start = clock::now();
    const double cpu = cpu_seconds();
    print(R"({"event":"begin"})");
    clients.run(start + how.time, never);
    const auto took = seconds(clock::now() - start).count();
    const double busy = (cpu_seconds() - cpu) / took;
    print(
        R"({"event":"end","messages":)" + std::to_string(count) + R"(,"seconds":)" +
        std::to_string(took) + R"(,"generator_busy":)" + std::to_string(busy) + finish.end() + "}");
}

struct nothing_more {
    void begin() {}
    std::string end() { return {}; }
};

struct latencies {
    std::vector<float>& samples;
    void begin() { samples.clear(); }
    std::string end() {
        if (samples.empty()) {
            throw std::runtime_error("no answer came");
        }
        const auto at = [this](double part) {
            const auto index = static_cast<std::ptrdiff_t>(part * double(samples.size() - 1));
            std::nth_element(samples.begin(), samples.begin() + index, samples.end());
            return std::to_string(samples[static_cast<std::size_t>(index)]);
        };
        return R"(,"p50_us":)" + at(0.50) + R"(,"p99_us":)" + at(0.99);
    }
};

} // namespace

void echo(const plan& how) {
    swarm clients(how.server);
    connect_all(clients, how.clients);
    const auto arguments = R"(["echo",)" + text_argument(how.payload) + "]";
    std::vector<std::string> requests; // by ack id, which a client uses again once it is answered
    for (std::size_t id = 0; id < how.in_flight; ++id) {
        requests.push_back("42" + std::to_string(id) + arguments);
    }

    std::uint64_t answers = 0;
    std::vector<float> samples;
    samples.reserve(1 << 20);
    clients.on_packet([&](client& from, std::string_view packet) {
        std::size_t id = 0;
        const auto [end, error] =
            std::from_chars(packet.data() + 1, packet.data() + packet.size(), id);
        if (packet.front() != '3' || error != std::errc{} || id >= how.in_flight) {
            throw std::runtime_error("not an ack: " + std::string(packet));
        }
        const auto now = clock::now();
        samples.push_back(float(microseconds(now - from.sent_at[id]).count()));
        ++answers;
        from.sent_at[id] = now;
        from.queue(requests[id]);
    });
    for (auto& one : clients.clients()) {
        one->sent_at.assign(how.in_flight, clock::now());
        for (const auto& request : requests) {
            one->queue(request);
        }
        clients.flush(*one);
    }
    measure(clients, how, answers, latencies{samples});
}

void broadcast(const plan& how) {
    swarm clients(how.server);
    connect_all(clients, how.clients);
    std::size_t joined = 0;
    clients.on_packet(
        [&](client&, std::string_view packet) { joined += packet.starts_with("30"); });
    for (auto& one : clients.clients()) {
        one->queue(R"(420["join"])");
        clients.flush(*one);
    }
    if (!clients.run(clock::now() + connect_limit, [&] { return joined == how.clients; })) {
        throw std::runtime_error("not every client could join the room");
    }

    std::uint64_t delivered = 0;
    std::uint64_t all_time = 0; // since before the warm-up, which `delivered` forgets
    std::uint64_t asked = 0;
    const auto request = R"(42["spread",)" + text_argument(how.payload) + "]";
    auto& sender = *clients.clients().front();
    const auto ask = [&] {
        ++asked;
        sender.queue(request);
        clients.flush(sender);
    };
    clients.on_packet([&](client&, std::string_view packet) {
        if (packet.front() != '2') {
            return;
        }
        ++delivered;
        if (++all_time >= (asked - how.in_flight + 1) * how.clients) {
            ask();
        }
    });
    for (std::size_t i = 0; i < how.in_flight; ++i) {
        ask();
    }
    measure(clients, how, delivered, nothing_more{});
}

void idle(const plan& how) {
    swarm clients(how.server);
    connect_all(clients, how.clients);
    print(R"({"event":"connected"})");
    const auto released = [] {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        return ::poll(&input, 1, 0) > 0;
    };
    clients.run(clock::now() + stay_limit, released);
}

} // namespace load
