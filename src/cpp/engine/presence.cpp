#include "engine/presence.hpp"

#include "engine/ask.hpp"
#include "engine/features.hpp"
#include "engine/notification.hpp"
#include "features/people/presence.hpp"
#include "sio/server.hpp"
#include "sio/socket.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace engine {

using ::features::people::board;
using ::features::people::boards;
using ::features::people::place;
using ::features::people::seen;

struct presence::shared_settings {
    std::mutex mutex; // of a few words, held for copying them
    presence_settings with;
    bool telling = false;
};

namespace {

using feature = ::features::people::presence;

// The feature of a shard, made when it is first needed there.
template <class Settings>
feature& on(shard_context& in, const std::shared_ptr<Settings>& with);

template <class Settings>
class shard_boards final : public boards {
public:
    shard_boards(shard_context& in, std::shared_ptr<Settings> with)
        : in_(in), with_(std::move(with)) {}

    void at_home_of(std::string_view where, change what) override {
        at(home_of_key(where, in_.siblings().count()), std::move(what));
    }
    void everywhere(const change& what) override {
        for (unsigned each = 0; each < in_.siblings().count(); ++each)
            at(each, what);
    }

private:
    void at(unsigned shard, change what) {
        if (shard == in_.index())
            return what(on(in_, with_).topics(), in_.now());
        in_.siblings()[shard].post([with = with_, what = std::move(what)](shard_context& there) {
            what(on(there, with).topics(), there.now());
        });
    }

    shard_context& in_;
    const std::shared_ptr<Settings> with_;
};

template <class Settings>
feature& on(shard_context& in, const std::shared_ptr<Settings>& with) {
    auto& modules = in.modules();
    if (auto* found = modules.template find<feature>())
        return *found;
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const auto epoch =
        duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()) -
        duration_cast<milliseconds>(in.now().time_since_epoch());
    const std::lock_guard lock(with->mutex);
    auto& made = modules.add(
        std::make_unique<feature>(
            with->with,
            modules.rooms(),
            std::make_unique<shard_boards<Settings>>(in, with),
            [&in](std::string_view where, std::string diff) {
                in.tell(
                    presence_diff{
                        std::string(::features::people::nsp_of(where)),
                        std::string(::features::people::name_of(where)),
                        std::move(diff)});
            },
            epoch));
    made.topics().set_telling(with->telling);
    return made;
}

template <class List>
void append(List& to, List&& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

} // namespace

presence::presence(engine& in) : in_(in), settings_(std::make_shared<shared_settings>()) {}

template <class Command>
void presence::post_everywhere(const Command& command) {
    if (const auto to = in_.current())
        for (unsigned each = 0; each < to->count(); ++each)
            (*to)[each].post([with = settings_, command](shard_context& in) {
                command(on(in, with), in.now());
            });
}

template <class Command>
void presence::post_home(const std::string& where, Command command) {
    if (const auto to = in_.current())
        (*to)[home_of_key(where, to->count())].post(
            [with = settings_, command = std::move(command)](shard_context& in) {
                command(on(in, with).topics(), in.now());
            });
}

template <class Question>
auto presence::ask_home(const std::string& where, Question question) {
    return ask(
        in_.current(), home_of_key(where, in_.threads()), [this, &question](shard_context& in) {
            return question(on(in, settings_).topics(), in.now());
        });
}

template <class Question>
auto presence::ask_boards(Question question) {
    auto answers = ask_all(in_.current(), [this, &question](shard_context& in) {
        return question(on(in, settings_).topics());
    });
    typename decltype(answers)::value_type all;
    for (auto& each : answers)
        append(all, std::move(each));
    return all;
}

void presence::configure(const presence_settings& with) {
    {
        const std::lock_guard lock(settings_->mutex);
        settings_->with = with;
    }
    post_everywhere([with](feature& at, base::time_point) { at.configure(with); });
}

void presence::set_telling(bool wanted) {
    {
        const std::lock_guard lock(settings_->mutex);
        settings_->telling = wanted;
    }
    post_everywhere([wanted](feature& at, base::time_point) { at.topics().set_telling(wanted); });
}

track_result presence::track(
    std::string_view nsp,
    std::string_view topic,
    std::string_view key,
    std::string_view sid,
    std::string_view meta) {
    struct entered {
        track_result result = track_result::unknown_sid;
        bool joined = false;
    };
    const auto to = in_.current();
    const auto here = ask(to, owner_of(sid, in_.threads()), [&](shard_context& in) -> entered {
        const auto* found = in.sio().find(sid, nsp);
        if (!found || !found->owner)
            return {};
        if (in.sio().enter_room(sid, nsp, topic) != sio::room_result::ok)
            return {track_result::room_limit, false};
        on(in, settings_).watch(sid, nsp, found->has_joined, in.now());
        return {track_result::ok, found->has_joined};
    });
    if (here.result != track_result::ok)
        return here.result;
    const auto where = place(nsp, topic);
    // Should the client go meanwhile, its shard says so behind this.
    const bool tracked = ask_home(where, [&](board& at, base::time_point now) {
        return at.track(where, key, *base::sid::parse(sid), meta, here.joined, now);
    });
    return tracked ? track_result::ok : track_result::topic_full;
}

bool presence::update(
    std::string_view nsp, std::string_view topic, std::string_view sid, std::string_view meta) {
    const auto where = place(nsp, topic);
    return ask_home(
        where, [&](board& at, base::time_point now) { return at.update(where, sid, meta, now); });
}

void presence::untrack(const std::string& nsp, const std::string& topic, std::string sid) {
    const auto where = place(nsp, topic);
    post_home(where, [where, sid = std::move(sid)](board& at, base::time_point now) {
        at.untrack(where, sid, now);
    });
}

void presence::forget(std::string sid) {
    post_everywhere([sid = std::move(sid)](feature& at, base::time_point now) {
        at.topics().forget(sid, now);
    });
}

void presence::client_dropped(std::string sid) {
    if (const auto to = in_.current())
        (*to)[owner_of(sid, to->count())].post([sid](shard_context& in) {
            if (auto* found = in.modules().find<feature>())
                found->unwatch(sid, in.now());
        });
}

void presence::put(std::vector<seen> theirs) {
    for (auto& each : theirs) {
        const auto where = each.place;
        post_home(where, [each = std::move(each)](board& at, base::time_point now) {
            at.put(each, now);
        });
    }
}

void presence::drop(std::vector<seen> theirs) {
    for (auto& each : theirs) {
        const auto where = each.place;
        post_home(where, [each = std::move(each)](board& at, base::time_point now) {
            at.drop(each.node, each.place, each.key, each.ref, now);
        });
    }
}

void presence::drop_node(std::uint16_t node) {
    post_everywhere(
        [node](feature& at, base::time_point now) { at.topics().drop_node(node, now); });
}

std::vector<present> presence::list(
    std::string_view nsp, std::string_view topic, std::string_view after, std::size_t limit) {
    const auto where = place(nsp, topic);
    return with_activity(
        ask_home(where, [&](board& at, base::time_point) { return at.list(where, after, limit); }));
}

std::vector<present> presence::of_sid(std::string_view sid) {
    return with_activity(ask_boards([sid](board& at) { return at.of_sid(sid); }));
}

std::vector<present> presence::with_activity(std::vector<seen> found) {
    std::vector<present> list;
    list.reserve(found.size());
    for (auto& each : found)
        list.push_back({std::move(each), {}});
    // One question to each shard; they write to different elements.
    const auto to = in_.current();
    const auto count = in_.threads();
    (void)ask_all(to, [&list, count](shard_context& in) {
        for (auto& [entry, active_ago] : list) {
            if (entry.node != 0 || owner_of(entry.sid, count) != in.index())
                continue;
            const auto at =
                in.modules().rooms().active_at(entry.sid, ::features::people::nsp_of(entry.place));
            if (at)
                active_ago = in.now() - *at;
        }
        return true;
    });
    return list;
}

std::vector<std::string> presence::sids_of_key(std::string_view key) {
    auto found = ask_boards([key](board& at) { return at.of_key(key); });
    std::ranges::sort(found, {}, &seen::joined_at);
    std::vector<std::string> sids;
    for (const auto& each : found)
        if (each.sid != base::sid() && std::ranges::find(sids, each.sid.view()) == sids.end())
            sids.push_back(each.sid.str());
    return sids;
}

bool presence::is_online(std::string_view key) {
    return !ask_boards([key](board& at) {
                return std::vector<bool>(at.knows(key) ? 1 : 0);
            }).empty();
}

std::vector<seen> presence::of_this_process() {
    return ask_boards([](board& at) { return at.of_this_process(); });
}

std::vector<std::string> presence::keys(std::string_view nsp, std::string_view topic) {
    const auto where = place(nsp, topic);
    return ask_home(where, [&](board& at, base::time_point) { return at.keys(where); });
}

std::size_t presence::users(std::string_view nsp, std::string_view topic) {
    const auto where = place(nsp, topic);
    return ask_home(where, [&](board& at, base::time_point) { return at.users(where); });
}

} // namespace engine
