// SipHash-2-4 with 128 bits: a hash whose collisions nobody can choose who does not know the key.
// Aumasson and Bernstein, "SipHash: a fast short-input PRF".
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace features::usage {

struct hash128 {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend bool operator==(const hash128&, const hash128&) = default;
};

[[nodiscard]] hash128 siphash(hash128 key, std::string_view text) noexcept;

} // namespace features::usage
