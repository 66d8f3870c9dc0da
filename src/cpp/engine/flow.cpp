#include "engine/flow.hpp"

#include "eio/server.hpp"
#include "eio/session.hpp"
#include "engine/ask.hpp"
#include "engine/features.hpp"
#include "features/flow/conflator.hpp"
#include "features/flow/limiter.hpp"
#include "sio/server.hpp"
#include "sio/socket.hpp"

#include <utility>

namespace engine {

using ::features::flow::conflator;
using ::features::flow::deduplicator;
using ::features::flow::judged_elsewhere;
using ::features::flow::limiter;

namespace {

// The limiter of a shard, and its way to those of the others.
class limiter_of_shard final : public ::features::feature, private limiter::outside {
public:
    explicit limiter_of_shard(shard_context& in) : in_(in), own_(in.modules().rooms(), *this) {}

    [[nodiscard]] limiter& own() noexcept { return own_; }

    void on_leave(const sio::peer& who, base::time_point now) override { own_.on_leave(who, now); }
    bool on_event(
        const sio::peer& from,
        std::string_view name,
        std::optional<std::uint64_t> id,
        sio::arguments& args,
        base::time_point now) override {
        return own_.on_event(from, name, id, args, now);
    }
    std::optional<base::time_point> next_deadline() const override { return own_.next_deadline(); }
    void sweep(base::time_point now) override { own_.sweep(now); }

private:
    bool counts_here(std::string_view key) const override {
        return home_of_key(key, in_.siblings().count()) == in_.index();
    }
    void judge_elsewhere(judged_elsewhere&& event) override {
        // It is under way, so that a client which sends too many is not read for a while.
        if (auto* session = in_.eio().find(event.eio_sid))
            session->add_unhandled();
        auto& all = in_.siblings();
        all[home_of_key(event.key, all.count())].post(
            [event = std::move(event), from = in_.index()](shard_context& there) mutable {
                auto* judge = there.modules().find<limiter_of_shard>();
                const bool allowed =
                    !judge || judge->own().judge(event.key, event.most, there.now());
                there.siblings()[from].post(
                    [event = std::move(event), allowed](shard_context& back) mutable {
                        back.modules().find<limiter_of_shard>()->judged(std::move(event), allowed);
                    });
            });
    }
    void judged(judged_elsewhere&& event, bool allowed) {
        const auto now = in_.now();
        if (auto* session = in_.eio().find(event.eio_sid))
            session->remove_unhandled(1, now);
        const auto* from = in_.sio().find(event.sid, event.nsp);
        if (!from || !from->has_joined || !from->owner)
            return;
        if (!allowed)
            return own_.refuse(sio::peer(*from), event.id);
        if (own_.proceed(sio::peer(*from), event.event, event.id, event.args, event.next, now))
            own_.let_pass([&] {
                in_.sio().repeat(
                    event.sid, event.nsp, event.event, event.id, std::move(event.args));
            });
    }

    shard_context& in_;
    limiter own_;
};

limiter& limiter_in(shard_context& in) {
    auto& modules = in.modules();
    auto* found = modules.find<limiter_of_shard>();
    if (!found) // first: nobody else hears of what is refused
        found = &modules.add_early(std::make_unique<limiter_of_shard>(in), 0);
    return found->own();
}

deduplicator& deduplicator_of(shard_context& in) {
    (void)limiter_in(in); // in front of it: what is refused may come again
    auto& modules = in.modules();
    if (auto* found = modules.find<deduplicator>())
        return *found;
    return modules.add_early(std::make_unique<deduplicator>(modules.rooms()), 1);
}

template <class Command>
void post_all(engine& of, const Command& command) {
    if (const auto to = of.current())
        for (unsigned each = 0; each < to->count(); ++each)
            (*to)[each].post(command);
}

} // namespace

void set_limits(engine& of, std::shared_ptr<const ::features::flow::limits> rules) {
    post_all(of, [rules](shard_context& in) { limiter_in(in).use(rules); });
}

void set_dedup(engine& of, std::shared_ptr<const ::features::flow::dedup_rules> rules) {
    post_all(of, [rules](shard_context& in) { deduplicator_of(in).use(rules); });
}

flow_statistics flow_stats(engine& of) {
    flow_statistics total;
    for (const auto& each : ask_all(of.current(), [](shard_context& in) {
             flow_statistics counted;
             auto& modules = in.modules();
             if (auto* found = modules.find<limiter_of_shard>())
                 counted.limited = found->own().refused();
             if (const auto* found = modules.find<deduplicator>())
                 counted.repeated = found->repeated();
             if (const auto* found = modules.find<conflator>())
                 counted.conflated = found->dropped();
             counted.volatile_dropped = in.sio().volatile_dropped();
             return counted;
         })) {
        total.limited += each.limited;
        total.repeated += each.repeated;
        total.conflated += each.conflated;
        total.volatile_dropped += each.volatile_dropped;
    }
    return total;
}

} // namespace engine
