#include "engine/usage.hpp"

#include "engine/ask.hpp"
#include "engine/features.hpp"
#include "sio/server.hpp"

#include <chrono>
#include <optional>

namespace engine::usage {

namespace {

// What one thread does with the models in use has one order; any shard would do.
constexpr unsigned home = 0;

// On its home, which wakes at the deadline that this brings. Before the engine runs, here.
template <class Command>
void at_home(engine& of, Command command) {
    if (const auto to = of.current())
        (*to)[home].post([command = std::move(command)](shard_context& in) {
            command(in.now());
            in.modules().sweep(in.now()); // what has changed is told now if it may be
        });
    else
        command(base::clock::now());
}

base::time_point time_of(engine& of) {
    const auto now =
        ask(of.current(), home, [](shard_context& in) { return std::optional(in.now()); });
    return now.value_or(base::clock::now());
}

} // namespace

std::int64_t unix_time() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

void listen(engine& to, std::shared_ptr<meter> counts, const usage_options& options) {
    to.install([counts = std::move(counts), options](shard_context& in) {
        auto& modules = in.modules();
        modules.add(
            std::make_unique<::features::usage::usage>(
                counts, modules.rooms(), options, unix_time));
    });
}

void touch(engine& of, std::shared_ptr<meter> counts, std::string model) {
    at_home(of, [counts = std::move(counts), model = std::move(model)](base::time_point now) {
        (void)counts->touch(model, now);
    });
}

void touch_remote(engine& of, std::shared_ptr<meter> counts, std::vector<remote_use> list) {
    at_home(of, [counts = std::move(counts), list = std::move(list)](base::time_point now) {
        for (const auto& each : list)
            (void)counts->touch_remote(each.model, each.remaining, now);
    });
}

std::vector<std::string> models_in_use(engine& of, const meter& counts) {
    return counts.models_in_use(time_of(of));
}

std::vector<std::pair<std::string, base::clock::duration>>
used_here(engine& of, const meter& counts) {
    return counts.used_here(time_of(of));
}

} // namespace engine::usage
