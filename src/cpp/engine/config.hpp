// Every option of an engine in one value.
#pragma once

#include "eio/config.hpp"
#include "sio/config.hpp"

#include <cstddef>

namespace engine {

struct config {
    eio::config eio;
    sio::config sio;
    std::size_t max_connections = 0; // of the engine's own sockets; 0: no limit
    unsigned threads = 1;            // shards; at most base::max_shards
    bool raw = false;                // Engine.IO alone, without Socket.IO above it
};

} // namespace engine
