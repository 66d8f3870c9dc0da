// Stretches of clocks, as state vectors, delete sets and summaries have them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace features::yjs {

// What a client numbered from `clock` on.
struct range {
    std::uint64_t client = 0;
    std::uint64_t clock = 0;
    std::uint64_t length = 0;

    [[nodiscard]] std::uint64_t end() const noexcept { return clock + length; }
    friend bool operator==(const range&, const range&) = default;
};

// Higher clients first, as Yjs writes them; then by clock.
constexpr auto precedes = [](const range& left, const range& right) noexcept {
    return left.client != right.client ? left.client > right.client : left.clock < right.clock;
};

// In order, none empty, none that touch.
using range_set = std::vector<range>;

// Puts it behind the others, or joins it to the last one if they touch, as they do of characters
// typed, or taken back, in a row.
inline void append(range_set& ranges, const range& next) {
    if (!ranges.empty() && ranges.back().client == next.client) {
        range& last = ranges.back();
        if (last.end() == next.clock || next.end() == last.clock) {
            last.clock = last.clock < next.clock ? last.clock : next.clock;
            last.length += next.length;
            return;
        }
    }
    ranges.push_back(next);
}

// Sorts and joins; O(n log n), and O(n) if they are in order.
void normalise(range_set& ranges);

// As an update ends: for each client how many, and where they are.
void append_delete_set(std::string& out, const range_set& deletes);

} // namespace features::yjs
