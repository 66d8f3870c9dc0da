#pragma once

#include <cstdint>

namespace net {

// One HTTP exchange or one WebSocket bridged from an ASGI server; the application's side numbers
// them.
using asgi_id = std::uint64_t;

} // namespace net
