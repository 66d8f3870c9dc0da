// Emits that the engine holds back for a while: thinned out by key, and texts that grow. Commands,
// from any thread but a shard's.
#pragma once

#include "engine/engine.hpp"
#include "features/flow/emission.hpp"
#include "features/flow/text_stream.hpp"

#include <string>
#include <string_view>

namespace engine {

// Of emits with one key the first goes out at once, then the latest, once in an interval. True as
// of engine::emit().
bool emit_conflated(
    engine& of,
    const std::string& key,
    ::features::flow::emission latest,
    base::clock::duration interval);
// What waits goes out before the caller goes on.
void flush_conflated(engine& of);

// Clients can ask for streams from now on.
void use_streams(engine& of);
void open_stream(engine& of, ::features::flow::stream_options options);
// True as of engine::emit().
bool append_to_stream(engine& of, const std::string& id, std::string utf8);
void end_stream(engine& of, const std::string& id, std::string error);

} // namespace engine
