// Counts steps from branch to branch, of all code that is compiled with
// -fsanitize-coverage=trace-pc: how much work is done, without a clock.
#pragma once

#include <cstdint>

namespace steps {

inline std::uint64_t taken = 0;

// Of one call.
template <class Work>
std::uint64_t of(Work&& work) {
    const auto before = taken;
    work();
    return taken - before;
}

} // namespace steps
