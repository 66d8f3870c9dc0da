// What the sessions of a shard have sent and received since it began. Belongs to the shard's
// thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace eio {

// Packets of Engine.IO, with their bytes as a WebSocket carries them: the type character and the
// data. Not counted: the noops by which transports change hands, and what a transport adds.
struct traffic {
    std::uint64_t opened = 0; // sessions
    std::uint64_t closed = 0;
    std::uint64_t packets_in = 0;
    std::uint64_t packets_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::size_t polling = 0; // sessions that long polling carries now

    void received(std::size_t bytes) noexcept {
        ++packets_in;
        bytes_in += bytes;
    }
    void sent(std::size_t packets, std::size_t bytes) noexcept {
        packets_out += packets;
        bytes_out += bytes;
    }
    traffic& operator+=(const traffic& other) noexcept {
        opened += other.opened;
        closed += other.closed;
        packets_in += other.packets_in;
        packets_out += other.packets_out;
        bytes_in += other.bytes_in;
        bytes_out += other.bytes_out;
        polling += other.polling;
        return *this;
    }
};

} // namespace eio
