// The ways in which a connection can reach the engine.
#pragma once

#include <cstdint>
#include <string_view>

namespace eio {

enum class door : std::uint8_t {
    listen,  // a port of the engine's own
    handoff, // accepted by another server of this process, which gave its descriptor away
    bridge,  // another server keeps it, and its event loop stands between us and the peer
};

[[nodiscard]] constexpr std::string_view to_string(door from) noexcept {
    switch (from) {
    case door::listen:
        return "listen";
    case door::handoff:
        return "handoff";
    case door::bridge:
        return "bridge";
    }
    return {};
}

} // namespace eio
