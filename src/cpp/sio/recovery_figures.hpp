// What connection state recovery does, in numbers. A value.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sio {

struct recovery_figures {
    std::size_t away = 0;        // now: clients that may come back
    std::size_t bytes = 0;       // now: of events kept for them, and for those that are connected
    std::uint64_t recovered = 0; // came back as the ones they were
    std::uint64_t given_up = 0;  // were away, and cannot come back any more
    std::uint64_t refused = 0;   // said who they had been, and were let in as new ones

    recovery_figures& operator+=(const recovery_figures& other) noexcept {
        away += other.away;
        bytes += other.bytes;
        recovered += other.recovered;
        given_up += other.given_up;
        refused += other.refused;
        return *this;
    }
};

} // namespace sio
