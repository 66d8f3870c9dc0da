// What came of entering or closing a room.
#pragma once

#include <cstdint>

namespace sio {

enum class room_result : std::uint8_t {
    ok,
    unknown_sid,
    unknown_namespace,
    is_sid, // the room belongs to another client
    limit,
};

} // namespace sio
