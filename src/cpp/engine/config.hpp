// Every option of an engine in one value.
#pragma once

#include "eio/config.hpp"
#include "sio/config.hpp"

namespace engine {

struct config {
    eio::config eio;
    sio::config sio;
};

} // namespace engine
