#include "engine/emits.hpp"

#include "engine/ask.hpp"
#include "engine/features.hpp"
#include "engine/notification.hpp"
#include "engine/replay.hpp"
#include "features/flow/conflator.hpp"

#include <memory>
#include <utility>

namespace engine {

using ::features::flow::conflator;
using ::features::flow::emission;
using ::features::flow::stream_request;
using ::features::flow::text_streams;

namespace {

conflator& conflator_of(shard_context& in) {
    auto& modules = in.modules();
    if (auto* found = modules.find<conflator>())
        return *found;
    return modules.add(
        std::make_unique<conflator>([&in](emission&& out) { deliver(in, std::move(out)); }));
}

text_streams& streams_of(shard_context& in);

void ask_home(shard_context& in, stream_request&& asked) {
    auto& all = in.siblings();
    const auto home = home_of_key(asked.id, all.count());
    if (home == in.index())
        return streams_of(in).answer(asked);
    all[home].post(
        [asked = std::move(asked)](shard_context& there) { streams_of(there).answer(asked); });
}

text_streams& streams_of(shard_context& in) {
    auto& modules = in.modules();
    if (auto* found = modules.find<text_streams>())
        return *found;
    return modules.add(
        std::make_unique<text_streams>(
            modules.rooms(),
            text_streams::outside{
                .send = [&in](emission&& out) { deliver(in, std::move(out)); },
                .ask = [&in](stream_request&& asked) { ask_home(in, std::move(asked)); },
                .on_cancelled = [&in](const std::string& id) { in.tell(stream_cancelled{id}); }}));
}

} // namespace

bool emit_conflated(
    engine& of, const std::string& key, emission latest, base::clock::duration interval) {
    const auto to = of.current();
    if (!to)
        return false;
    auto& home = (*to)[home_of_key(key, to->count())];
    const auto held = latest.weight();
    home.post(
        {[key, latest = std::move(latest), interval](shard_context& in) mutable {
             conflator_of(in).offer(key, std::move(latest), interval, in.now());
         },
         held});
    return home.full();
}

void flush_conflated(engine& of) {
    (void)ask_all(of.current(), [](shard_context& in) {
        conflator_of(in).flush();
        return 0;
    });
}

void use_streams(engine& of) {
    if (const auto to = of.current())
        for (unsigned each = 0; each < to->count(); ++each)
            (*to)[each].post([](shard_context& in) { (void)streams_of(in); });
}

void open_stream(engine& of, ::features::flow::stream_options options) {
    if (const auto to = of.current())
        (*to)[home_of_key(options.id, to->count())].post(
            [options = std::move(options)](shard_context& in) mutable {
                streams_of(in).open(std::move(options), in.now());
            });
}

bool append_to_stream(engine& of, const std::string& id, std::string utf8) {
    const auto to = of.current();
    if (!to)
        return false;
    auto& home = (*to)[home_of_key(id, to->count())];
    const auto held = id.size() + utf8.size();
    home.post(
        {[id, utf8 = std::move(utf8)](shard_context& in) {
             streams_of(in).append(id, utf8, in.now());
         },
         held});
    return home.full();
}

void end_stream(engine& of, const std::string& id, std::string error) {
    if (const auto to = of.current())
        (*to)[home_of_key(id, to->count())].post([id, error = std::move(error)](shard_context& in) {
            streams_of(in).end(id, error, in.now());
        });
}

} // namespace engine
