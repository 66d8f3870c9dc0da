// The peer's side of a TCP connection over the loopback device.
#pragma once

#include <cstdint>

namespace fake {

// A descriptor that the caller closes.
[[nodiscard]] int connected_to(std::uint16_t port);

} // namespace fake
