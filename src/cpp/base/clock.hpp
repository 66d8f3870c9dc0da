// Time is a parameter: who reads a clock is `net` and `engine`, everyone else is told.
#pragma once

#include <chrono>

namespace base {

using clock = std::chrono::steady_clock;
using time_point = clock::time_point;
using std::chrono::milliseconds;

} // namespace base
