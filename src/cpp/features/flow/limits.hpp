// How often an event may come, and from whom. Immutable once made; shared by all shards.
#pragma once

#include "base/clock.hpp"
#include "base/string_hash.hpp"

#include <cstdint>
#include <vector>

namespace features::flow {

// So many in any stretch of time of this length.
struct rate {
    std::uint32_t count = 0;
    base::clock::duration window{};
};

enum class counted_by : std::uint8_t { sid, user, address };

struct limit {
    rate most;
    counted_by by = counted_by::sid;
    std::uint32_t id = 0; // of this rule among all
};

// Namespace -> event -> its limits, each of which must allow it; "*" has those of all other events
// together.
using limits = base::string_map<base::string_map<std::vector<limit>>>;

} // namespace features::flow
