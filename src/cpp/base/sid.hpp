// Session ids: 20 URL-safe characters, 120 bits: 96 from the system's generator, then a 12-bit
// node slot and a 12-bit counter whose low bits name the shard.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace base {

// A value without storage of its own; may be held by any thread. Reads as text wherever a
// string_view is taken, so that only what keeps a session id has to name this type.
class sid {
public:
    static constexpr std::size_t length = 20;

    constexpr sid() noexcept = default; // nobody's: twenty NULs, which no source makes

    // Nothing for text of another length, which is the id of no session.
    [[nodiscard]] static constexpr std::optional<sid> parse(std::string_view text) noexcept {
        if (text.size() != length)
            return std::nullopt;
        sid parsed;
        text.copy(parsed.characters_.data(), length);
        return parsed;
    }

    [[nodiscard]] constexpr std::string_view view() const noexcept {
        return {characters_.data(), length};
    }
    constexpr operator std::string_view() const noexcept { return view(); }
    [[nodiscard]] std::string str() const { return std::string(view()); }

    friend constexpr bool operator==(const sid&, const sid&) noexcept = default;
    friend constexpr auto operator<=>(const sid&, const sid&) noexcept = default;
    friend constexpr bool operator==(const sid& id, std::string_view text) noexcept {
        return id.view() == text;
    }

private:
    std::array<char, length> characters_{};
};

// The first eight characters: 48 random bits.
struct sid_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        std::uint64_t front = 0;
        if (text.size() == sid::length)
            std::memcpy(&front, text.data(), sizeof(front));
        return front;
    }
};

// Searched by text that came from outside without a copy of it.
template <class Value>
using sid_map = std::unordered_map<sid, Value, sid_hash, std::equal_to<>>;

// More shards than this a sid cannot tell apart.
inline constexpr unsigned max_shards = 64;

// Which of `shards` has made this sid; nothing for text that none of them makes. Whether anybody
// has it is not known from it.
[[nodiscard]] std::optional<unsigned> shard_of(std::string_view sid, unsigned shards) noexcept;

// Belongs to one shard.
class sid_source {
public:
    explicit sid_source(unsigned shard = 0, unsigned shard_count = 1);
    // Throws std::system_error if the system gives no random bytes (it has none to give only
    // before it has booted).
    [[nodiscard]] sid next();

private:
    static constexpr std::size_t random_bytes = 12;
    void refill();

    std::array<std::uint8_t, random_bytes * 20> pool_{}; // one system call (≤ 256 bytes) for 20 ids
    std::size_t used_ = sizeof(pool_);
    std::uint16_t node_ = 0; // a cluster gives its members their slots
    std::uint16_t counter_;  // its low bits are always the shard's number
    std::uint16_t step_;     // a power of two, so that they are so after it has wrapped
};

} // namespace base
