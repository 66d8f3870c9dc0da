// The generator's clock, and how it says durations.
#pragma once

#include <chrono>

namespace load {

using clock = std::chrono::steady_clock;
using time_point = clock::time_point;
using duration = clock::duration;

constexpr duration from_seconds(double value) {
    return std::chrono::duration_cast<duration>(std::chrono::duration<double>(value));
}

constexpr double seconds(duration value) {
    return std::chrono::duration<double>(value).count();
}

} // namespace load
