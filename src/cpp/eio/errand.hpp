// What a request is for.
#pragma once

#include <cstdint>

namespace eio {

enum class errand : std::uint8_t { open, poll, post, upgrade };

} // namespace eio
