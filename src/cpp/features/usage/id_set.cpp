#include "features/usage/id_set.hpp"

#include <algorithm>
#include <bit>

namespace features::usage {

namespace {

constexpr std::size_t first_size = 1024;

} // namespace

id_set::id_set(hash128 key, std::size_t most, std::int64_t seconds)
    : key_(key),
      most_(std::max<std::size_t>(most, 1)),
      seconds_(seconds),
      ring_(std::min(most_, first_size)),
      index_(2 * std::bit_ceil(ring_.size()), none) {}

bool id_set::contains(const hash128& id, std::int64_t now) {
    expire(now);
    return index_[place_of(id)] != none;
}

bool id_set::insert(const hash128& id, std::int64_t now) {
    expire(now);
    auto place = place_of(id);
    if (index_[place] != none)
        return false;
    if (used_ == most_) {
        pop_oldest();
        place = place_of(id); // others have moved up
    } else if (used_ == ring_.size()) {
        grow();
        place = place_of(id);
    }
    auto at = head_ + used_;
    if (at >= ring_.size())
        at -= ring_.size();
    ring_[at] = {id, now};
    index_[place] = static_cast<std::uint32_t>(at);
    ++used_;
    return true;
}

std::size_t id_set::place_of(const hash128& id) const noexcept {
    auto place = ideal(id);
    while (index_[place] != none && ring_[index_[place]].id != id)
        place = (place + 1) & (index_.size() - 1);
    return place;
}

void id_set::expire(std::int64_t now) {
    while (used_ > 0 && ring_[head_].at <= now - seconds_)
        pop_oldest();
}

void id_set::pop_oldest() {
    const auto mask = index_.size() - 1;
    auto hole = place_of(ring_[head_].id);
    index_[hole] = none;
    // Those behind it move up, so that a search never ends before what it looks for.
    for (auto next = (hole + 1) & mask; index_[next] != none; next = (next + 1) & mask) {
        const auto home = ideal(ring_[index_[next]].id);
        if (((next - home) & mask) < ((next - hole) & mask))
            continue;
        index_[hole] = index_[next];
        index_[next] = none;
        hole = next;
    }
    head_ = (head_ + 1) % ring_.size();
    --used_;
}

void id_set::grow() {
    std::vector<entry> larger(std::min(most_, ring_.size() * 2));
    for (std::size_t i = 0; i < used_; ++i)
        larger[i] = ring_[(head_ + i) % ring_.size()];
    ring_.swap(larger);
    head_ = 0;
    index_.assign(2 * std::bit_ceil(ring_.size()), none);
    for (std::size_t i = 0; i < used_; ++i)
        index_[place_of(ring_[i].id)] = static_cast<std::uint32_t>(i);
}

} // namespace features::usage
