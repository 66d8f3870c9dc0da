// What is counted, and the bounds of what may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace features::usage {

struct counts {
    std::int64_t in = 0;
    std::int64_t out = 0;
    std::int64_t total = 0;
    std::int64_t events = 0;

    counts& operator+=(const counts& more) noexcept {
        in += more.in;
        out += more.out;
        total += more.total;
        events += more.events;
        return *this;
    }
    friend bool operator==(const counts&, const counts&) = default;
};

// Of one record. A thousand times the largest context there is; 4 * 10^9 such records still fit
// into 64 bits, and a sum that would not is refused.
constexpr std::int64_t most_tokens = 1'000'000'000;
constexpr std::int64_t largest_sum = std::int64_t{1} << 62;

constexpr std::size_t most_name_bytes = 256; // of a model, a user, a group; and of an id
constexpr std::size_t most_models = 10'000;  // beyond, records of new ones are refused
constexpr std::size_t most_groups = 1'000;
// Of the last minutes in memory, some 150 bytes each. Beyond, the oldest that have been flushed go;
// where none has been, records are refused.
constexpr std::size_t most_rows = 1'000'000;
// That wait for a store which does not take them; beyond, records with an id are refused.
constexpr std::size_t most_unsent_ids = 1'000'000;

// Seconds: how far a record's time may be from now. As Stripe's meter events.
constexpr std::int64_t most_behind = 35 * 86'400;
constexpr std::int64_t most_ahead = 5 * 60;

// A record that counts, has been counted before, or is refused: then nothing has been counted.
enum class outcome : std::uint8_t {
    counted,
    duplicate,
    negative,
    absurd,
    contradictory,
    too_old,
    in_the_future,
    no_model,
    long_name,
    not_utf8,
    overflow,
    full,
    journal_failed,
};

// One sentence for each refusal.
[[nodiscard]] std::string_view reason(outcome of) noexcept;

struct record {
    std::string_view model{};
    std::string_view user{}; // empty: not known
    std::string_view id{};   // empty: counted each time
    std::int64_t in = 0;
    std::int64_t out = 0;
    std::int64_t total = 0;
    std::int64_t at = 0; // Unix time, seconds
};

// `counted` if its numbers, names and time are within bounds.
[[nodiscard]] outcome check(const record& of, std::int64_t now) noexcept;

// What one minute, model, user and set of groups have counted.
struct row_value {
    std::string model;
    std::string user;
    std::vector<std::string> groups;
    std::int64_t minute = 0; // Unix time / 60
    counts sum;
};

} // namespace features::usage
