// When each of many messages is due at a fixed rate, from the making of the schedule on.
#pragma once

#include "load/time.hpp"

#include <cstdint>

namespace load {

class schedule {
public:
    explicit schedule(double per_second) : period_(1 / per_second) {}

    [[nodiscard]] time_point at(std::uint64_t number) const {
        return began_ + from_seconds(static_cast<double>(number) * period_);
    }

private:
    double period_;
    time_point began_ = clock::now();
};

} // namespace load
