// What clients and the application are told of a topic, as JSON. No state: any thread.
#pragma once

#include "features/people/roster.hpp"

#include <string>
#include <string_view>

namespace features::people {

// Everything, for the application; clients hear of no sids and no processes.
enum class audience : std::uint8_t { clients, application };

// {"topic": …, "presences": {key: [entry, …], …}, "count": users}
[[nodiscard]] std::string state_json(std::string_view name, const topic& of);
// {"topic": …, "joins": {key: [entry, …]}, "leaves": {…}, "online": [key, …], "offline": [key, …],
//  "count": users}: what has happened since it was told the last time.
[[nodiscard]] std::string diff_json(std::string_view name, const topic& of, audience who);
// {"topic": …, "count": users}
[[nodiscard]] std::string count_json(std::string_view name, const topic& of);

} // namespace features::people
