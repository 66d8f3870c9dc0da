// Who an emit goes to.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sio {

// The union of the rooms, or everyone; less those to skip. Each once.
struct selection {
    std::optional<std::vector<std::string>> rooms;
    std::vector<std::string> skip_sids;
};

} // namespace sio
