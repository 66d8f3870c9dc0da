// When the last so many happened: whether one more may. Belongs to one thread.
#pragma once

#include "features/flow/limits.hpp"

#include <cstddef>
#include <vector>

namespace features::flow {

// Exact: in no stretch of time as long as the window are there more than `count`. The newest
// `count` times are kept, and no room is taken for those that have not come.
class sliding_log {
public:
    [[nodiscard]] bool take(const rate& most, base::time_point now) {
        if (times_.size() < most.count) {
            times_.push_back(now);
            return true;
        }
        if (now - times_[oldest_] < most.window)
            return false;
        times_[oldest_] = now;
        oldest_ = (oldest_ + 1) % times_.size();
        return true;
    }

private:
    std::vector<base::time_point> times_;
    std::size_t oldest_ = 0; // once there are `count`
};

} // namespace features::flow
