// WebSocket frames as a client writes and reads them (RFC 6455, section 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace load {

enum class opcode : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// A masked frame, as clients must; any key will do.
void append_frame(std::string& to, opcode type, std::string_view payload);

inline std::string text_frame(std::string_view payload) {
    std::string bytes;
    append_frame(bytes, opcode::text, payload);
    return bytes;
}

struct frame {
    opcode type;
    std::string_view payload; // in the bytes that were given
    std::size_t size;         // with its header
};

// The first frame of what a server sent; none when it is incomplete. Fragments and what a server
// must not send are a std::runtime_error: no scenario asks for them.
std::optional<frame> first_frame(std::string_view bytes);

} // namespace load
