// The deadlines of one shard's connections: coarse, swept together.
#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <functional>
#include <unordered_map>
#include <utility>

namespace net {

class deadline_holder {
public:
    virtual ~deadline_holder() = default;
    // The deadline has passed and is set no more.
    virtual void on_deadline(base::time_point now) = 0;
};

// Who holds a deadline must be alive: a holder clears it before it ends.
class deadlines {
public:
    // Called with true when the first deadline is set, with false when the last is cleared: in
    // between the shard sweeps about every second.
    explicit deadlines(std::function<void(bool)> watch) : watch_(std::move(watch)) {}

    void set(deadline_holder& holder, base::time_point at);
    void clear(deadline_holder& holder);
    [[nodiscard]] bool empty() const noexcept { return at_.empty(); }
    void sweep(base::time_point now);

private:
    std::unordered_map<deadline_holder*, base::time_point> at_;
    std::function<void(bool)> watch_;
};

} // namespace net
