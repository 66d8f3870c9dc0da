#include "features/yjs/coverage.hpp"

#include <algorithm>

namespace features::yjs {
namespace {

// More at once are put behind the others and sorted with them.
constexpr std::size_t few = 16;

void insert(range_set& set, range added) {
    // All that touch it become one with it.
    auto first = std::ranges::lower_bound(set, added, precedes);
    if (first != set.begin()) {
        const auto before = first - 1;
        if (before->client == added.client && before->end() >= added.clock)
            first = before;
    }
    auto last = first;
    for (; last != set.end() && last->client == added.client && last->clock <= added.end();
         ++last) {
        const std::uint64_t end = std::max(added.end(), last->end());
        added.clock = std::min(added.clock, last->clock);
        added.length = end - added.clock;
    }
    if (first == last) {
        set.insert(first, added);
    } else {
        *first = added;
        set.erase(first + 1, last);
    }
}

void unite(range_set& set, const range_set& added) {
    if (added.size() > few) {
        set.insert(set.end(), added.begin(), added.end());
        normalise(set);
        return;
    }
    for (const range& each : added)
        insert(set, each);
}

bool includes(const range_set& set, const range& wanted) noexcept {
    auto behind = std::ranges::upper_bound(set, wanted, precedes);
    if (behind == set.begin())
        return false;
    const range& found = *--behind;
    return found.client == wanted.client && found.end() >= wanted.end();
}

} // namespace

void coverage::add(const summary& update) {
    if (!exact_)
        return;
    unite(structs_, update.structs);
    unite(deletes_, update.deletes);
    if (structs_.size() > max_ranges || deletes_.size() > max_ranges) {
        exact_ = false;
        structs_ = {};
        deletes_ = {};
    }
}

bool coverage::contains(const summary& update) const noexcept {
    const auto all_in = [](const range_set& wanted, const range_set& set) {
        return std::ranges::all_of(wanted, [&](const range& each) { return includes(set, each); });
    };
    return exact_ && all_in(update.structs, structs_) && all_in(update.deletes, deletes_);
}

} // namespace features::yjs
