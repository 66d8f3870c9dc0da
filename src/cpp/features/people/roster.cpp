#include "features/people/roster.hpp"

#include <iterator>
#include <utility>

namespace features::people {

namespace {

// Is it the only one of its key? Those of a key are side by side.
template <class Entries, class Place>
bool alone(const Entries& entries, Place place) {
    if (place != entries.begin() && std::prev(place)->who == place->who)
        return false;
    const auto next = std::next(place);
    return next == entries.end() || next->who != place->who;
}

} // namespace

named_topic* roster::find(std::string_view where) noexcept {
    const auto found = topics_.find(where);
    return found == topics_.end() ? nullptr : &*found;
}

const topic* roster::find(std::string_view where) const noexcept {
    const auto found = topics_.find(where);
    return found == topics_.end() ? nullptr : &found->second;
}

named_topic& roster::open(std::string_view where) {
    const auto found = topics_.find(where);
    return found != topics_.end() ? *found : *topics_.try_emplace(std::string(where)).first;
}

void roster::close(named_topic& left) {
    const auto& now = left.second;
    if (now.entries.empty() && !now.ticking)
        topics_.erase(topics_.find(left.first));
}

entry* roster::first_of_sid(std::string_view sid) const noexcept {
    const auto found = by_sid_.find(sid);
    return found == by_sid_.end() ? nullptr : *found;
}

entry* roster::first_of_key(std::string_view key) const noexcept {
    const auto found = people_.find(key);
    return found == people_.end() ? nullptr : found->second.first;
}

entry* roster::find(const named_topic& in, std::string_view sid) const noexcept {
    for (auto* each = first_of_sid(sid); each; each = each->next_of_sid)
        if (each->where == &in)
            return each;
    return nullptr;
}

entry* roster::find(const topic& in, std::string_view key, std::string_view ref) const noexcept {
    const auto found = in.entries.find(std::pair(key, ref));
    return found == in.entries.end() ? nullptr : &changeable(*found);
}

entry&
roster::add(named_topic& to, std::string_view key, const base::sid& ref, const base::sid& sid) {
    auto known = people_.find(key);
    if (known == people_.end())
        known = people_.try_emplace(std::string(key)).first;
    entry made;
    made.who = &*known;
    made.where = &to;
    made.ref = ref;
    made.sid = sid;
    auto& entries = to.second.entries;
    const auto place = entries.insert(std::move(made)).first;
    if (alone(entries, place))
        ++to.second.users;
    auto& added = changeable(*place);
    added.next_of_key = known->second.first;
    if (added.next_of_key)
        added.next_of_key->previous_of_key = &added;
    known->second.first = &added;
    link_sid(added);
    ++size_;
    return added;
}

void roster::remove(entry& leaving) {
    unlink_sid(leaving);
    auto& who = *leaving.who;
    (leaving.previous_of_key ? leaving.previous_of_key->next_of_key : who.second.first) =
        leaving.next_of_key;
    if (leaving.next_of_key)
        leaving.next_of_key->previous_of_key = leaving.previous_of_key;
    auto& from = leaving.where->second;
    const auto place = from.entries.find(std::pair(leaving.key(), leaving.ref.view()));
    if (alone(from.entries, place))
        --from.users;
    from.entries.erase(place);
    if (!who.second.first)
        people_.erase(people_.find(who.first));
    --size_;
}

void roster::set_sid(entry& of, const base::sid& sid) {
    unlink_sid(of);
    of.sid = sid;
    link_sid(of);
}

void roster::link_sid(entry& of) {
    if (of.sid == base::sid())
        return;
    const auto found = by_sid_.find(of.sid.view());
    if (found == by_sid_.end()) {
        by_sid_.insert(&of);
        return;
    }
    of.next_of_sid = (*found)->next_of_sid; // behind the first, which the index names
    (*found)->next_of_sid = &of;
}

void roster::unlink_sid(entry& of) {
    const auto found = by_sid_.find(of.sid.view());
    if (found == by_sid_.end())
        return;
    auto* first = *found;
    if (first == &of) {
        by_sid_.erase(found);
        if (of.next_of_sid)
            by_sid_.insert(of.next_of_sid);
    } else {
        while (first->next_of_sid && first->next_of_sid != &of)
            first = first->next_of_sid;
        if (first->next_of_sid)
            first->next_of_sid = of.next_of_sid;
    }
    of.next_of_sid = nullptr;
}

} // namespace features::people
