#include "features/yjs/range.hpp"

#include "features/yjs/lib0.hpp"

#include <algorithm>

namespace features::yjs {

void normalise(range_set& ranges) {
    // Often many that are in order, of a snapshot, and some behind them that are not.
    const auto behind = std::ranges::is_sorted_until(ranges, precedes);
    if (behind != ranges.end()) {
        std::sort(behind, ranges.end(), precedes);
        std::inplace_merge(ranges.begin(), behind, ranges.end(), precedes);
    }
    std::size_t kept = 0;
    for (const range& each : ranges) {
        if (each.length == 0)
            continue;
        if (kept > 0) {
            range& last = ranges[kept - 1];
            if (last.client == each.client && each.clock <= last.end()) {
                last.length = std::max(last.end(), each.end()) - last.clock;
                continue;
            }
        }
        ranges[kept++] = each;
    }
    ranges.resize(kept);
}

void append_delete_set(std::string& out, const range_set& deletes) {
    std::uint64_t clients = 0;
    for (std::size_t i = 0; i < deletes.size(); ++i)
        clients += static_cast<std::uint64_t>(i == 0 || deletes[i].client != deletes[i - 1].client);
    lib0::append_number(out, clients);
    for (auto first = deletes.begin(); first != deletes.end();) {
        const auto last = std::find_if(
            first, deletes.end(), [&](const range& each) { return each.client != first->client; });
        lib0::append_number(out, first->client);
        lib0::append_number(out, static_cast<std::uint64_t>(last - first));
        for (; first != last; ++first) {
            lib0::append_number(out, first->clock);
            lib0::append_number(out, first->length);
        }
    }
}

} // namespace features::yjs
