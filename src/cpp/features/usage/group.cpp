#include "features/usage/group.hpp"

#include <algorithm>
#include <limits>

namespace features::usage {

void group::rule(window_rule next, std::optional<std::int64_t> limit) {
    rule_ = std::move(next);
    limit_ = limit;
    declared_ = true;
}

std::int64_t group::start(std::int64_t now) const noexcept {
    if (!rule_.starts.empty()) {
        const auto next = std::ranges::upper_bound(rule_.starts, now);
        return next == rule_.starts.begin() ? now - longest_window : *std::prev(next);
    }
    if (rule_.rolling_minutes > 0)
        return now - rule_.rolling_minutes + 1;
    // Of one that has not been declared yet, its rule may still come.
    return declared_ ? std::numeric_limits<std::int64_t>::min() : now - longest_window;
}

void group::forget_before(std::int64_t minute) {
    while (!minutes_.empty() && minutes_.begin()->first < minute) {
        const auto& gone = minutes_.begin()->second;
        used_.in -= gone.in;
        used_.out -= gone.out;
        used_.total -= gone.total;
        used_.events -= gone.events;
        minutes_.erase(minutes_.begin());
    }
}

void group::add(std::int64_t minute, const counts& more, std::int64_t now) {
    const auto from = start(now);
    if (minute < from)
        return;
    used_ += more;
    if (from == std::numeric_limits<std::int64_t>::min())
        minute = 0; // nothing of it is ever given back: one sum is enough
    minutes_[minute] += more;
    forget_before(from);
}

const counts& group::used(std::int64_t now) {
    forget_before(start(now));
    return used_;
}

std::optional<std::int64_t> group::resets_at(std::int64_t now) {
    if (!rule_.starts.empty()) {
        const auto next = std::ranges::upper_bound(rule_.starts, now);
        return next == rule_.starts.end() ? std::nullopt : std::optional(*next);
    }
    forget_before(start(now));
    if (rule_.rolling_minutes == 0 || minutes_.empty())
        return std::nullopt;
    return minutes_.begin()->first + rule_.rolling_minutes;
}

} // namespace features::usage
