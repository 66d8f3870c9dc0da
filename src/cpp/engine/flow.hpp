// Limits on events, and events that come twice: commands and questions, from any thread but a
// shard's.
#pragma once

#include "engine/engine.hpp"
#include "features/flow/deduplicator.hpp"
#include "features/flow/limits.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace engine {

// In the place of all before.
void set_limits(engine& of, std::shared_ptr<const ::features::flow::limits> rules);
void set_dedup(engine& of, std::shared_ptr<const ::features::flow::dedup_rules> rules);

// Since the start, of all shards together.
struct flow_statistics {
    std::uint64_t limited = 0;          // events refused by a limit
    std::uint64_t repeated = 0;         // that had come before
    std::uint64_t conflated = 0;        // emits that a later one has taken the place of
    std::uint64_t volatile_dropped = 0; // that could not be written at once, for each client
};

[[nodiscard]] flow_statistics flow_stats(engine& of);

} // namespace engine
