// One event asked of a server that has so many clients in a room: what it answers is the figure.
#include "load/crowd.hpp"
#include "load/meter.hpp"
#include "load/scenarios.hpp"

#include <cstdlib>
#include <stdexcept>

namespace load {

void ask(const plan& how) {
    constexpr auto limit = std::chrono::minutes(2);
    loop on;
    crowd clients(on, how.server);
    clients.connect(how.clients);
    clients.ask_all(text_frame(R"(420["join"])"));
    const auto answer = clients.ask(clients[0], how.event, limit); // [number]
    char* end = nullptr;
    const double value = std::strtod(answer.c_str() + 1, &end);
    if (end == answer.c_str() + 1 || *end != ']') {
        throw std::runtime_error("not a number: " + answer);
    }
    figures to;
    to.add("answer", value);
    to.print();
}

} // namespace load
