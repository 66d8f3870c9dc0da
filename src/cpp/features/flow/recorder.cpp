#include "features/flow/recorder.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <charconv>

namespace features::flow {

namespace {

std::string key_of(std::string_view nsp, std::string_view room) {
    std::string key(nsp);
    key += '\0';
    return key += room;
}

// Behind the arguments of an event.
std::string with_last(std::string_view array, std::string_view value) {
    array.remove_suffix(array.size() - array.rfind(']'));
    std::string made(array);
    made += ',';
    made += value;
    return made += ']';
}

void append_id(
    std::string& object, std::string_view room, std::string_view epoch, std::uint64_t number) {
    object += object.empty() ? '{' : ',';
    base::json::append_quoted(object, room);
    object += ":\"";
    object += epoch;
    object += '-' + std::to_string(number) + '"';
}

} // namespace

const recording* recordings::find(std::string_view nsp, std::string_view room) const {
    const auto found = std::ranges::find_if(
        all, [&](const recording& each) { return each.nsp == nsp && each.rooms.matches(room); });
    return found == all.end() ? nullptr : &*found;
}

bool recordings::concerns(std::string_view nsp, const sio::selection& whom) const {
    return whom.rooms && std::ranges::any_of(*whom.rooms, [&](const std::string& room) {
               return find(nsp, room) != nullptr;
           });
}

recorder::ring& recorder::ring_of(std::string key) {
    const auto found = rings_.find(key);
    if (found != rings_.end())
        return *found->second;
    if (rings_.size() >= max_rooms_)
        if (const auto* oldest = ends_.take_due(base::time_point::max()))
            forget(*oldest);
    auto made = std::make_unique<ring>(ring{.key = key, .lost = forgotten_});
    return *rings_.emplace(std::move(key), std::move(made)).first->second;
}

void recorder::forget(const ring& gone) {
    const auto newest = gone.events.empty() ? gone.lost : gone.events.back().number;
    forgotten_ = std::max(forgotten_, newest);
    rings_.erase(rings_.find(gone.key));
}

void recorder::trim(ring& of, const recording& by, base::time_point now) {
    while (!of.events.empty() && (of.events.size() > by.last || of.bytes > by.max_bytes ||
                                  now - of.events.front().at >= by.max_age)) {
        of.lost = of.events.front().number;
        of.bytes -= of.events.front().bytes;
        of.events.pop_front();
    }
}

void recorder::record(emission& sent, base::time_point now) {
    if (!recordings_ || !sent.whom.rooms)
        return;
    std::shared_ptr<const sio::arguments> shared;
    std::string ids;
    for (const auto& room : *sent.whom.rooms) {
        const auto* by = recordings_->find(sent.nsp, room);
        if (!by)
            continue;
        if (!shared) {
            sio::arguments own{sent.args.json, {}};
            for (const auto& each : sent.args.attachments)
                own.attachments.emplace_back(each.view());
            shared = std::make_shared<const sio::arguments>(std::move(own));
        }
        auto& in = ring_of(key_of(sent.nsp, room));
        const auto bytes = sent.weight();
        in.events.push_back({++numbers_, now, shared, sent.whom.skip_sids, bytes});
        in.bytes += bytes;
        trim(in, *by, now);
        ends_.set(in, now + by->max_age);
        append_id(ids, room, epoch_, numbers_);
    }
    if (!ids.empty())
        sent.args.json = with_last(sent.args.json, ids + '}');
}

recorder::missed recorder::since(
    std::string_view nsp, std::string_view room, std::string_view id, base::time_point now) {
    missed made;
    const auto* by = recordings_ ? recordings_->find(nsp, room) : nullptr;
    if (!by)
        return made;
    std::uint64_t after = 0;
    const auto from = epoch_.size() + 1;
    bool known = id.size() > from && id.starts_with(epoch_) && id[from - 1] == '-';
    if (known) {
        const auto* const end = id.data() + id.size();
        const auto read = std::from_chars(id.data() + from, end, after);
        known = read.ec == std::errc() && read.ptr == end && after <= numbers_;
    }
    if (!known)
        after = 0;
    const auto found = rings_.find(key_of(nsp, room));
    if (found == rings_.end()) {
        made.gap = !known || after < forgotten_;
        return made;
    }
    auto& in = *found->second;
    trim(in, *by, now);
    made.gap = !known || after < in.lost;
    for (const auto& each : in.events) {
        if (each.number <= after)
            continue;
        std::string ids;
        append_id(ids, room, epoch_, each.number);
        emission again{std::string(nsp), {}, {with_last(each.args->json, ids + '}'), {}}};
        for (const auto& bytes : each.args->attachments)
            again.args.attachments.emplace_back(bytes.view());
        again.whom.skip_sids = each.skip_sids;
        made.events.push_back(std::move(again));
    }
    return made;
}

void recorder::sweep(base::time_point now) {
    while (const auto* old = ends_.take_due(now))
        forget(*old);
}

} // namespace features::flow
