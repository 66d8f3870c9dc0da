// The deadlines of one shard's connections: coarse, swept together.
#pragma once

#include "base/clock.hpp"
#include "base/deadline_queue.hpp"

#include <functional>
#include <utility>

namespace net {

class deadline_holder {
public:
    virtual ~deadline_holder() = default;
    // The deadline has passed and is set no more.
    virtual void on_deadline(base::time_point now) = 0;

private:
    friend class deadlines;
    base::deadline_place place_; // what saves the table a search
};

// Who holds a deadline must be alive: a holder clears it before it ends.
class deadlines {
public:
    // Called with true when the first deadline is set, with false when the last is cleared: in
    // between the shard sweeps about every second.
    explicit deadlines(std::function<void(bool)> watch) : watch_(std::move(watch)) {}

    void set(deadline_holder& holder, base::time_point at);
    void clear(deadline_holder& holder);
    [[nodiscard]] bool empty() const noexcept { return queue_.empty(); }
    void sweep(base::time_point now);

private:
    base::deadline_queue<deadline_holder, &deadline_holder::place_> queue_;
    std::function<void(bool)> watch_;
};

} // namespace net
