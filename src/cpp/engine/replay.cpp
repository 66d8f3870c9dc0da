#include "engine/replay.hpp"

#include "base/json.hpp"
#include "engine/features.hpp"
#include "sio/server.hpp"

#include <algorithm>
#include <utility>

namespace engine {

using ::features::flow::emission;
using ::features::flow::recorder;
using ::features::flow::recordings;

namespace {

unsigned home_of(const shards& all, std::string_view nsp) {
    return home_of_key(nsp, all.count());
}

// On the client's shard.
void bring_in(
    shard_context& in,
    std::string_view sid,
    std::string_view nsp,
    const std::string& room,
    recorder::missed&& missed) {
    if (!in.sio().find(sid, nsp))
        return;
    const sio::selection whom{.rooms = {{std::string(sid)}}, .skip_sids = {}};
    if (missed.gap) {
        std::string json = "[\"room:gap\",{\"room\":";
        base::json::append_quoted(json, room);
        json += "}]";
        in.sio().emit(nsp, whom, {std::move(json), {}}, 0);
    }
    for (auto& each : missed.events)
        if (std::ranges::find(each.whom.skip_sids, sid) == each.whom.skip_sids.end())
            in.sio().emit(nsp, whom, each.args, 0);
    in.modules().rooms().enter_room(sid, nsp, room);
}

} // namespace

void set_recordings(engine& of, std::shared_ptr<const recordings> rules, const std::string& epoch) {
    const auto to = of.current();
    if (!to)
        return;
    for (unsigned each = 0; each < to->count(); ++each)
        (*to)[each].post([rules, epoch](shard_context& in) {
            auto& modules = in.modules();
            auto* found = modules.find<recorder>();
            if (!found)
                found = &modules.add(std::make_unique<recorder>(epoch));
            found->use(rules);
        });
    // After it: who finds the rules finds the recorder.
    to->recorded = std::move(rules);
    to->records = true;
}

bool is_recorded(const shards& all, std::string_view nsp, const sio::selection& whom) {
    if (!all.records.load(std::memory_order_relaxed))
        return false;
    const auto rules = all.recorded.load();
    return rules && rules->concerns(nsp, whom);
}

void deliver(shard_context& in, emission&& sent) {
    auto& all = in.siblings();
    if (is_recorded(all, sent.nsp, sent.whom)) {
        const auto home = home_of(all, sent.nsp);
        if (home != in.index()) {
            all[home].post([sent = std::move(sent)](shard_context& there) mutable {
                deliver(there, std::move(sent));
            });
            return;
        }
        if (auto* keeper = in.modules().find<recorder>())
            keeper->record(sent, in.now());
    }
    in.modules().rooms().emit(sent.nsp, sent.whom, sent.args);
}

bool catch_up(
    shard_context& in,
    std::string_view sid,
    std::string_view nsp,
    const std::string& room,
    const std::string& last) {
    auto& all = in.siblings();
    if (!is_recorded(all, nsp, {.rooms = {{room}}, .skip_sids = {}}))
        return false;
    // There and back: what is recorded before it is missed, what is recorded after comes behind.
    auto ask = [from = in.index(), sid = std::string(sid), nsp = std::string(nsp), room, last](
                   shard_context& home) {
        auto missed = recorder::missed{};
        if (auto* keeper = home.modules().find<recorder>())
            missed = keeper->since(nsp, room, last, home.now());
        if (from == home.index())
            return bring_in(home, sid, nsp, room, std::move(missed));
        home.siblings()[from].post(
            [sid, nsp, room, missed = std::move(missed)](shard_context& back) mutable {
                bring_in(back, sid, nsp, room, std::move(missed));
            });
    };
    const auto home = home_of(all, nsp);
    if (home == in.index())
        ask(in);
    else
        all[home].post(std::move(ask));
    return true;
}

void resume_room(engine& of, std::string sid, std::string nsp, std::string room, std::string last) {
    const auto to = of.current();
    if (!to)
        return;
    auto& home = (*to)[owner_of(sid, to->count())];
    home.post([sid = std::move(sid),
               nsp = std::move(nsp),
               room = std::move(room),
               last = std::move(last)](shard_context& in) {
        if (!catch_up(in, sid, nsp, room, last))
            in.modules().rooms().enter_room(sid, nsp, room);
    });
}

} // namespace engine
