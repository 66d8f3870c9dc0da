// An emit as a value, for what holds it back for a while.
#pragma once

#include "sio/packet.hpp"
#include "sio/selection.hpp"

#include <cstddef>
#include <string>

namespace features::flow {

struct emission {
    std::string nsp;
    sio::selection whom;
    sio::arguments args;

    // Bytes, about.
    [[nodiscard]] std::size_t weight() const noexcept {
        auto held = sizeof(*this) + nsp.size() + args.json.size() + whom.weight();
        for (const auto& each : args.attachments)
            held += sizeof(each) + each.size();
        return held;
    }
};

} // namespace features::flow
