// Session ids: 20 URL-safe characters, 120 bits: 96 from the system's generator, then a 12-bit
// node slot and a 12-bit counter whose low bits name the shard.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace base {

// Belongs to one shard.
class sid_source {
public:
    explicit sid_source(unsigned shard = 0, unsigned shard_count = 1);
    // Throws std::system_error if the system gives no random bytes (it has none to give only
    // before it has booted).
    [[nodiscard]] std::string next();

private:
    static constexpr std::size_t random_bytes = 12;
    void refill();

    std::array<std::uint8_t, random_bytes * 20> pool_{}; // one system call (≤ 256 bytes) for 20 ids
    std::size_t used_ = sizeof(pool_);
    std::uint16_t node_ = 0; // a cluster gives its members their slots
    std::uint16_t counter_;  // always ≡ shard (mod shard_count)
    std::uint16_t step_;
};

constexpr std::size_t sid_length = 20;

} // namespace base
