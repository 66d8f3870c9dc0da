// What a peer has not got.
#pragma once

#include "features/yjs/state_vector.hpp"

#include <string>
#include <string_view>

namespace features::yjs {

// What `state`, one update that was decoded before, has beyond `known`: the answer to
// sync-step-1. All deletes are in it, for a state vector does not tell which are known. Never
// empty: an update of nothing is two bytes.
[[nodiscard]] std::string diff(std::string_view state, const state_vector& known);

} // namespace features::yjs
