// A warm-up, and then a measurement, of something that runs by itself in the loop.
#pragma once

#include "load/histogram.hpp"
#include "load/loop.hpp"
#include "load/meter.hpp"
#include "load/scenarios.hpp"

#include <cstdint>
#include <string>

namespace load {

// Counts are kept by the handlers; they are set to zero after the warm-up.
struct tally {
    std::uint64_t messages = 0;
    histogram latencies;

    void clear() { *this = {}; }
};

// Prints nothing: the scenario may have more to add. Begins and ends when a step has just been
// done, where work comes in large ones. Throws when nothing came.
void measure(
    loop& on,
    const plan& how,
    tally& counts,
    figures& to,
    const loop::work& timed = {},
    const std::uint64_t* steps = nullptr);

// `["name","xxx…"]`, with so many characters of text.
std::string event_of(std::string_view name, std::size_t payload);

} // namespace load
