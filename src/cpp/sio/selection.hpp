// Who an emit goes to.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sio {

// The union of the rooms, or everyone; less those to skip, and the members of the rooms that are
// left out. Each once.
struct selection {
    std::optional<std::vector<std::string>> rooms;
    std::vector<std::string> skip_sids;
    std::vector<std::string> except_rooms{};
    bool is_volatile = false; // only whom it can be written to at once
    bool compress = true;     // where that is switched on

    // Bytes of the names, about.
    [[nodiscard]] std::size_t weight() const noexcept {
        std::size_t held = 0;
        const auto add = [&](const std::vector<std::string>& names) {
            for (const auto& each : names)
                held += sizeof(each) + each.size();
        };
        if (rooms)
            add(*rooms);
        add(skip_sids);
        add(except_rooms);
        return held;
    }
};

} // namespace sio
