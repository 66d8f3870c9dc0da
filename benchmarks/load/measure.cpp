#include "load/measure.hpp"

#include <stdexcept>

namespace load {

void measure(loop& on, const plan& how, tally& counts, figures& to, const loop::work& timed) {
    const auto never = [] { return false; };
    on.run(clock::now() + how.warm_up, never, timed);
    counts.clear();
    const meter cost(how.process);
    on.run(clock::now() + how.time, never, timed);
    if (counts.messages == 0) {
        throw std::runtime_error("no message came");
    }
    cost.read(to, counts.messages);
    to.add_latencies(counts.latencies);
}

std::string event_of(std::string_view name, std::size_t payload) {
    return "[\"" + std::string(name) + "\",\"" + std::string(payload, 'x') + "\"]";
}

} // namespace load
