// What a silent client costs in memory, and what all clients leaving at once costs in time.
#include "load/crowd.hpp"
#include "load/measure.hpp"

#include <charconv>
#include <stdexcept>
#include <thread>

namespace load {
namespace {

constexpr std::size_t warm_up_clients = 50; // what a server allocates once is not counted
constexpr auto settled = std::chrono::seconds(1);
constexpr auto leave_limit = std::chrono::minutes(2);
constexpr auto ask_every = std::chrono::milliseconds(20);

const auto never = [] { return false; };

// The number in an ack's `[number]`.
std::size_t number_in(std::string_view answer) {
    std::size_t value = 0;
    if (answer.size() < 3 ||
        std::from_chars(answer.data() + 1, answer.data() + answer.size(), value).ec !=
            std::errc{}) {
        throw std::runtime_error("not a number: " + std::string(answer));
    }
    return value;
}

} // namespace

void idle(const plan& how) {
    loop on;
    {
        crowd first(on, how.server);
        first.connect(warm_up_clients);
        first.ask_all(text_frame("420" + event_of("echo", how.payload)));
    }
    on.run(clock::now() + settled, never);
    const auto before = resident_bytes(how.process);

    crowd clients(on, how.server);
    const meter cost(how.process);
    clients.connect(how.clients);
    figures to;
    cost.read(to, how.clients);
    on.run(clock::now() + settled, never);
    const auto after = resident_bytes(how.process);
    to.add("retries", static_cast<double>(clients.retries()));
    to.add(
        "bytes_each",
        (static_cast<double>(after) - static_cast<double>(before)) /
            static_cast<double>(how.clients));
    to.add("resident_mib", static_cast<double>(after) / (1024.0 * 1024));
    to.print();
}

void leave(const plan& how) {
    loop on;
    crowd witness(on, how.server);
    witness.connect(1);
    crowd clients(on, how.server);
    clients.connect(how.clients);
    on.run(clock::now() + settled, never);
    const auto population = [&] {
        return number_in(witness.ask(witness[0], R"(["population"])", leave_limit));
    };
    if (population() != how.clients + 1) {
        throw std::runtime_error("the server counts other clients than these");
    }

    const auto deadline = clock::now() + leave_limit;
    const meter cost(how.process);
    clients.clear();
    while (population() > 1) {
        if (clock::now() > deadline) {
            throw std::runtime_error("the server did not notice in time that all had left");
        }
        on.run(clock::now() + ask_every, never);
    }
    figures to;
    cost.read(to, how.clients);
    to.print();
}

} // namespace load
