// A named set of models: what it has used in its window, and what is reserved of its limit.
#pragma once

#include "features/usage/counts.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace features::usage {

// When a window begins: at given minutes (a time of day in some zone, worked out by whoever knows
// zones), or always a number of minutes ago.
struct window_rule {
    std::vector<std::int64_t> starts; // Unix time / 60, ascending
    std::int64_t rolling_minutes = 0; // if there are no starts; 0: all time
};
constexpr std::int64_t longest_window = 32 * 24 * 60; // minutes: what a group remembers at most

class group {
public:
    explicit group(std::string name) : name_(std::move(name)) {}

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    void rule(window_rule next, std::optional<std::int64_t> limit);
    [[nodiscard]] std::optional<std::int64_t> limit() const noexcept { return limit_; }

    // `now`: the minute that it is, `minute` that of the record.
    void add(std::int64_t minute, const counts& more, std::int64_t now);
    [[nodiscard]] const counts& used(std::int64_t now);
    // The minute at which something that is used is given back; nothing if never.
    [[nodiscard]] std::optional<std::int64_t> resets_at(std::int64_t now);

    std::int64_t reserved = 0; // of tokens; the meter's reservations keep it

private:
    // The first minute of the window.
    [[nodiscard]] std::int64_t start(std::int64_t now) const noexcept;
    void forget_before(std::int64_t minute);

    std::string name_;
    window_rule rule_;
    std::optional<std::int64_t> limit_;
    bool declared_ = false;                  // else it is only known from before a restart
    std::map<std::int64_t, counts> minutes_; // of the window; at most longest_window
    counts used_;                            // their sum
};

} // namespace features::usage
