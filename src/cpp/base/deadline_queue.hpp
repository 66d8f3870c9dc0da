// Who is due when, soonest first. Belongs to one thread.
#pragma once

#include "base/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace base {

// Where a holder's deadline stands in the queue: a member of the holder, for the queue alone.
class deadline_place {
    template <class Holder, auto Place>
    friend class deadline_queue;

    static constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t index_ = nowhere;
};

// A heap whose holders know their place, so that a deadline is moved or cleared without a search
// and leaves nothing behind. One deadline a holder; `Place` is the holder's member.
template <class Holder, auto Place>
class deadline_queue {
public:
    void set(Holder& holder, time_point at) {
        auto index = (holder.*Place).index_;
        if (index == deadline_place::nowhere) {
            index = static_cast<std::uint32_t>(entries_.size());
            entries_.push_back({at, &holder});
        }
        entries_[index].at = at;
        settle(index);
    }
    void clear(Holder& holder) noexcept {
        const auto index = std::exchange((holder.*Place).index_, deadline_place::nowhere);
        if (index == deadline_place::nowhere)
            return;
        const auto last = entries_.back();
        entries_.pop_back();
        if (index == entries_.size())
            return;
        entries_[index] = last;
        settle(index);
    }
    // time_point::max() when it has none.
    [[nodiscard]] time_point of(const Holder& holder) const noexcept {
        const auto index = (holder.*Place).index_;
        return index == deadline_place::nowhere ? time_point::max() : entries_[index].at;
    }
    [[nodiscard]] std::optional<time_point> soonest() const noexcept {
        return entries_.empty() ? std::nullopt : std::optional(entries_.front().at);
    }
    // One whose deadline has passed, which it has no more; null when there is none.
    [[nodiscard]] Holder* take_due(time_point now) noexcept {
        if (entries_.empty() || entries_.front().at > now)
            return nullptr;
        auto* due = entries_.front().holder;
        clear(*due);
        return due;
    }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
    struct entry {
        time_point at;
        Holder* holder;
    };

    // Half as deep as with two, and each step down is one cache line and one holder that is told.
    static constexpr std::size_t children = 4;

    // Moves the entry up or down to where it belongs.
    void settle(std::size_t index) noexcept {
        const auto moved = entries_[index];
        for (; index > 0 && entries_[parent(index)].at > moved.at; index = parent(index))
            put(entries_[parent(index)], index);
        for (auto first = children * index + 1; first < entries_.size();
             first = children * index + 1) {
            auto soonest = first;
            for (auto each = first + 1; each < std::min(first + children, entries_.size()); ++each)
                if (entries_[each].at < entries_[soonest].at)
                    soonest = each;
            if (entries_[soonest].at >= moved.at)
                break;
            put(entries_[soonest], index);
            index = soonest;
        }
        put(moved, index);
    }
    static std::size_t parent(std::size_t index) noexcept { return (index - 1) / children; }
    void put(const entry& which, std::size_t index) noexcept {
        entries_[index] = which;
        (which.holder->*Place).index_ = static_cast<std::uint32_t>(index);
    }

    std::vector<entry> entries_;
};

} // namespace base
