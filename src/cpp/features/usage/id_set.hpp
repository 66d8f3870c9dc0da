// Ids that have been seen, each for a time: 24 bytes an id, and 8 to 16 of an index.
#pragma once

#include "features/usage/hash.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace features::usage {

// Ids are known by a keyed hash of 128 bits. They leave in the order in which they came: when their
// time is up, or to make room at the bound.
class id_set {
public:
    id_set(hash128 key, std::size_t most, std::int64_t seconds);

    // What an id is known by: worked out once, where it is looked for and then put in.
    [[nodiscard]] hash128 known_by(std::string_view id) const noexcept { return siphash(key_, id); }
    [[nodiscard]] bool contains(const hash128& id, std::int64_t now);
    // False: it is there already.
    bool insert(const hash128& id, std::int64_t now);
    [[nodiscard]] std::size_t size() const noexcept { return used_; }

private:
    struct entry {
        hash128 id;
        std::int64_t at = 0;
    };
    static constexpr std::uint32_t none = 0xffff'ffff;

    // Of the id in `index_`, or of the empty place where it belongs.
    [[nodiscard]] std::size_t place_of(const hash128& id) const noexcept;
    [[nodiscard]] std::size_t ideal(const hash128& id) const noexcept {
        return id.low & (index_.size() - 1);
    }
    void expire(std::int64_t now);
    void pop_oldest();
    void grow();

    const hash128 key_;
    const std::size_t most_;
    const std::int64_t seconds_;
    std::vector<entry> ring_;          // the oldest at head_
    std::vector<std::uint32_t> index_; // into ring_; a power of two, at most half full
    std::size_t head_ = 0;
    std::size_t used_ = 0;
};

} // namespace features::usage
