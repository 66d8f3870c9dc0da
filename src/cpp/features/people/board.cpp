#include "features/people/board.hpp"

#include "features/people/presence_json.hpp"

#include <algorithm>
#include <utility>

namespace features::people {

std::string place(std::string_view nsp, std::string_view name) {
    std::string made;
    made.reserve(nsp.size() + 1 + name.size());
    made += nsp;
    made += ',';
    made += name;
    return made;
}

std::string_view nsp_of(std::string_view place) noexcept {
    return place.substr(0, place.find(','));
}

std::string_view name_of(std::string_view place) noexcept {
    return place.substr(std::min(place.find(','), place.size() - 1) + 1);
}

namespace {

seen as_seen(const entry& of) {
    return {
        .place = of.where->first,
        .key = of.who->first,
        .meta = of.meta,
        .joined_at = of.joined_at,
        .ref = of.ref,
        .sid = of.sid,
        .node = of.node,
        .idle = of.idle};
}

bool has_news(const topic& of, news least) {
    return !of.left.empty() || std::ranges::any_of(of.changed, [least](const auto* each) {
        return each && each->changed >= least;
    });
}

} // namespace

// --- what happens ---

bool board::track(
    std::string_view place,
    std::string_view key,
    const base::sid& sid,
    std::string_view meta,
    bool greet,
    base::time_point now) {
    auto& to = roster_.open(place);
    auto* known = roster_.find(to, sid);
    if (known && known->key() != key) { // it stands for somebody else now
        remove(*known, now);
        known = nullptr;
    }
    if (known) {
        update(place, sid, meta, now);
        return true;
    }
    if (greet)
        to.second.joiners.push_back(sid);
    // The client that was there has come back: for the others it never left.
    auto from = to.second.entries.lower_bound(std::pair(key, std::string_view()));
    for (; from != to.second.entries.end() && from->key() == key; ++from) {
        auto& waiting = changeable(*from);
        if (waiting.node != 0 || waiting.sid != base::sid())
            continue;
        waited_for_.clear(waiting);
        roster_.set_sid(waiting, sid);
        const bool same = waiting.meta == meta && !waiting.idle;
        waiting.meta = meta;
        waiting.idle = false;
        note(waiting, same ? news::hidden : news::shown, now);
        return true;
    }
    if (to.second.entries.size() >= settings_.max_entries) {
        if (greet)
            to.second.joiners.pop_back();
        return false;
    }
    add(to, key, sid, sid, now).meta = meta;
    return true;
}

bool board::update(
    std::string_view place, std::string_view sid, std::string_view meta, base::time_point now) {
    const auto* in = roster_.find(place);
    auto* of = in ? roster_.find(*in, sid) : nullptr;
    if (!of)
        return false;
    if (of->meta != meta) {
        of->meta = meta;
        note(*of, news::shown, now);
    }
    return true;
}

void board::untrack(std::string_view place, std::string_view sid, base::time_point now) {
    const auto* in = roster_.find(place);
    if (auto* of = in ? roster_.find(*in, sid) : nullptr)
        remove(*of, now);
}

void board::forget(std::string_view sid, base::time_point now) {
    while (auto* of = roster_.first_of_sid(sid)) {
        if (of->node != 0)
            return; // another process says what becomes of it
        remove(*of, now);
    }
}

void board::lose(std::string_view sid, base::time_point now) {
    if (settings_.grace <= std::chrono::milliseconds::zero())
        return forget(sid, now);
    while (auto* of = roster_.first_of_sid(sid)) {
        if (of->node != 0)
            return;
        roster_.set_sid(*of, base::sid());
        waited_for_.set(*of, now + settings_.grace);
        note(*of, news::hidden, now);
    }
}

void board::greet(std::string_view sid, base::time_point now) {
    for (auto* of = roster_.first_of_sid(sid); of; of = of->next_of_sid) {
        of->where->second.joiners.push_back(of->sid);
        arm(*of->where, now);
    }
}

void board::set_idle(std::string_view sid, bool idle, base::time_point now) {
    for (auto* of = roster_.first_of_sid(sid); of; of = of->next_of_sid)
        if (std::exchange(of->idle, idle) != idle)
            note(*of, news::shown, now);
}

void board::put(const seen& theirs, base::time_point now) {
    auto& to = roster_.open(theirs.place);
    auto* known = roster_.find(to.second, theirs.key, theirs.ref);
    if (known && known->node != theirs.node)
        return; // a ref is made by one process
    if (!known) {
        if (to.second.entries.size() >= settings_.max_entries)
            return roster_.close(to);
        known = &add(to, theirs.key, theirs.ref, theirs.sid, now);
        known->node = theirs.node;
    } else {
        const bool same = known->meta == theirs.meta && known->idle == theirs.idle;
        if (known->sid != theirs.sid)
            roster_.set_sid(*known, theirs.sid);
        if (!same)
            note(*known, news::shown, now);
    }
    known->meta = theirs.meta;
    known->joined_at = theirs.joined_at;
    known->idle = theirs.idle;
}

void board::drop(
    std::uint16_t node,
    std::string_view place,
    std::string_view key,
    std::string_view ref,
    base::time_point now) {
    const auto* in = roster_.find(place);
    auto* of = in ? roster_.find(in->second, key, ref) : nullptr;
    if (of && of->node == node)
        remove(*of, now);
}

void board::drop_node(std::uint16_t node, base::time_point now) {
    std::vector<entry*> theirs;
    for (const auto& [place, each] : roster_.topics())
        for (const auto& of : each.entries)
            if (of.node == node)
                theirs.push_back(&changeable(of));
    for (auto* each : theirs)
        remove(*each, now);
}

// --- what there is to tell ---

entry& board::add(
    named_topic& to,
    std::string_view key,
    const base::sid& ref,
    const base::sid& sid,
    base::time_point now) {
    auto& added = roster_.add(to, key, ref, sid);
    added.joined_at =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch() + epoch_)
            .count();
    note(added, news::shown, now);
    return added;
}

void board::remove(entry& leaving, base::time_point now) {
    auto& from = *leaving.where;
    arm(from, now);
    if (leaving.changed != news::none)
        from.second.changed[leaving.change] = nullptr;
    if (!leaving.fresh) // else nobody has heard of it
        from.second.left.push_back(
            {.key = leaving.who->first,
             .meta = std::move(leaving.meta),
             .joined_at = leaving.joined_at,
             .ref = leaving.ref,
             .sid = leaving.sid,
             .node = leaving.node,
             .idle = leaving.idle});
    waited_for_.clear(leaving);
    roster_.remove(leaving);
}

void board::note(entry& of, news what, base::time_point now) {
    if (of.changed == news::none) {
        of.change = static_cast<std::uint32_t>(of.where->second.changed.size());
        of.where->second.changed.push_back(&of);
    }
    of.changed = std::max(of.changed, what);
    arm(*of.where, now);
}

void board::arm(named_topic& at, base::time_point now) {
    if (std::exchange(at.second.ticking, true))
        return;
    ticking_.emplace_back(now + settings_.tick, &at);
}

void board::tell(named_topic& of) {
    auto& [where, topic] = of;
    topic.ticking = false;
    if (telling_ && has_news(topic, news::hidden))
        told_(where, diff_json(name_of(where), topic, audience::application));
    tell_clients(where, topic);
    for (auto* each : topic.changed)
        if (each) {
            each->changed = news::none;
            each->fresh = false;
        }
    topic.changed.clear();
    topic.left.clear();
    topic.joiners.clear();
    if (topic.changed.capacity() > 1'000) { // once many came together
        topic.changed.shrink_to_fit();
        topic.left.shrink_to_fit();
        topic.joiners.shrink_to_fit();
    }
    roster_.close(of);
}

void board::tell_clients(const std::string& where, topic& of) {
    const std::string name(name_of(where));
    const auto emit = [&](const char* event, const std::string& json, sio::selection whom) {
        rooms_.emit(
            nsp_of(where),
            whom,
            {.json = std::string("[\"") + event + "\"," + json + "]", .attachments = {}});
    };
    std::vector<std::string> joiners;
    for (const auto& each : of.joiners)
        joiners.push_back(each.str());
    if (of.only_counted &&
        of.entries.size() <= settings_.count_above - settings_.count_above / 10) {
        of.only_counted = false; // few enough again: everybody gets the whole state
        return emit("presence:state", state_json(name, of), {.rooms = {{name}}, .skip_sids = {}});
    }
    of.only_counted = of.only_counted || of.entries.size() > settings_.count_above;
    if (has_news(of, news::shown))
        emit(
            "presence:diff",
            of.only_counted ? count_json(name, of) : diff_json(name, of, audience::clients),
            {.rooms = {{name}}, .skip_sids = joiners});
    if (!joiners.empty())
        emit(
            "presence:state",
            of.only_counted ? count_json(name, of) : state_json(name, of),
            {.rooms = std::move(joiners), .skip_sids = {}});
}

std::optional<base::time_point> board::next_deadline() const {
    auto next = waited_for_.soonest();
    if (!ticking_.empty() && (!next || ticking_.front().first < *next))
        next = ticking_.front().first;
    return next;
}

void board::sweep(base::time_point now) {
    while (auto* gone = waited_for_.take_due(now))
        remove(*gone, now);
    while (!ticking_.empty() && ticking_.front().first <= now) {
        auto* const due = ticking_.front().second;
        ticking_.pop_front();
        tell(*due);
    }
}

// --- questions ---

std::vector<seen>
board::list(std::string_view place, std::string_view after, std::size_t limit) const {
    std::vector<seen> found;
    const auto* in = roster_.find(place);
    if (!in)
        return found;
    auto from = in->entries.lower_bound(std::pair(after, std::string_view()));
    while (from != in->entries.end() && !after.empty() && from->key() == after)
        ++from;
    std::size_t keys = 0;
    std::string_view last;
    for (; from != in->entries.end(); ++from) {
        if ((keys == 0 || from->key() != last) && ++keys > limit)
            break;
        last = from->key();
        found.push_back(as_seen(*from));
    }
    return found;
}

std::vector<seen> board::of_sid(std::string_view sid) const {
    std::vector<seen> found;
    for (const auto* of = roster_.first_of_sid(sid); of; of = of->next_of_sid)
        found.push_back(as_seen(*of));
    return found;
}

std::vector<seen> board::of_key(std::string_view key) const {
    std::vector<seen> found;
    for (const auto* of = roster_.first_of_key(key); of; of = of->next_of_key)
        found.push_back(as_seen(*of));
    return found;
}

std::vector<seen> board::of_this_process() const {
    std::vector<seen> found;
    for (const auto& [place, each] : roster_.topics())
        for (const auto& of : each.entries)
            if (of.node == 0)
                found.push_back(as_seen(of));
    return found;
}

std::vector<std::string> board::keys(std::string_view place) const {
    std::vector<std::string> found;
    if (const auto* in = roster_.find(place))
        for (const auto& each : in->entries)
            if (found.empty() || found.back() != each.key())
                found.emplace_back(each.key());
    return found;
}

std::size_t board::users(std::string_view place) const noexcept {
    const auto* in = roster_.find(place);
    return in ? in->users : 0;
}

} // namespace features::people
