// Counts what chosen threads allocate, and what is still there of it.
#pragma once

#include <cstddef>

namespace allocations {

struct totals {
    std::size_t made = 0;
    std::size_t live_bytes = 0; // as the heap rounds them up, with its own word for each
};

// From now on this thread's are counted; freed they may be by any.
void count_this_thread() noexcept;
[[nodiscard]] totals counted() noexcept;

} // namespace allocations
