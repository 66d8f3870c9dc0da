// The meter of a process as an engine's clients and Python use it. Any thread.
#pragma once

#include "base/clock.hpp"
#include "engine/engine.hpp"
#include "features/usage/usage.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace engine::usage {

using namespace ::features::usage; // the meter and its values

// Clients may report from now on, and are told what is in use if the options say so.
void listen(engine& to, std::shared_ptr<meter> counts, const usage_options& options);

// The time of what follows is the engine's own, which a test may hold.
void touch(engine& of, std::shared_ptr<meter> counts, std::string model);
struct remote_use {
    std::string model;
    base::clock::duration remaining{};
};
void touch_remote(engine& of, std::shared_ptr<meter> counts, std::vector<remote_use> list);
[[nodiscard]] std::vector<std::string> models_in_use(engine& of, const meter& counts);
[[nodiscard]] std::vector<std::pair<std::string, base::clock::duration>>
used_here(engine& of, const meter& counts);

// Unix time, seconds.
[[nodiscard]] std::int64_t unix_time();

} // namespace engine::usage
