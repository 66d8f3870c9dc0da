// y-protocols' awareness updates: who is here, and where their cursors are. A client's state has a
// clock, and the higher one counts. Pure functions of bytes: any thread.
#pragma once

#include "features/yjs/update.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace features::yjs {

struct awareness_state {
    std::uint64_t client = 0;
    std::uint64_t clock = 0;
    std::string_view json; // "null" of one that is gone

    [[nodiscard]] bool gone() const noexcept { return json == "null"; }
};

// All is checked, that each state is JSON too: one that is not breaks all who are sent it. The
// texts are views into the update.
[[nodiscard]] std::variant<std::vector<awareness_state>, reject>
decode_awareness(std::string_view update);

[[nodiscard]] std::string encode_awareness(std::span<const awareness_state> states);

} // namespace features::yjs
