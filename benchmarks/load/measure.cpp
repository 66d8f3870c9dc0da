#include "load/measure.hpp"

#include <stdexcept>

namespace load {
namespace {

constexpr auto step_limit = std::chrono::seconds(20);

} // namespace

void measure(
    loop& on,
    const plan& how,
    tally& counts,
    figures& to,
    const loop::work& timed,
    const std::uint64_t* steps) {
    const auto run = [&](duration time) {
        on.run(clock::now() + time, [] { return false; }, timed);
        if (steps != nullptr) {
            const auto before = *steps;
            on.run(clock::now() + step_limit, [&] { return *steps != before; }, timed);
        }
    };
    run(how.warm_up);
    counts.clear();
    const meter cost(how.process);
    run(how.time);
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
