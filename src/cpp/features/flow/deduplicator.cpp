#include "features/flow/deduplicator.hpp"

#include "base/json_find.hpp"

#include <utility>

namespace features::flow {

namespace {

std::size_t size_of(const sio::arguments& args) noexcept {
    auto size = args.json.size();
    for (const auto& each : args.attachments)
        size += each.size();
    return size;
}

} // namespace

void deduplicator::on_leave(const sio::peer& who, base::time_point) {
    visitors_.erase(who.sid());
}

bool deduplicator::on_event(
    const sio::peer& from,
    std::string_view name,
    std::optional<std::uint64_t> id,
    sio::arguments& args,
    base::time_point now) {
    if (!rules_)
        return false;
    const auto nsp = rules_->find(from.nsp());
    if (nsp == rules_->end())
        return false;
    const auto rule = nsp->second.find(name);
    if (rule == nsp->second.end())
        return false;
    const auto first = base::json::element(args.json, 1);
    const auto given = first ? base::json::member(*first, rule->second.member) : std::nullopt;
    const bool usable = given && given->size() <= max_id_bytes &&
                        (given->front() == '"' || given->front() == '-' ||
                         (given->front() >= '0' && given->front() <= '9'));
    if (!usable)
        return false;
    auto key = std::string(*given) + '\0' + std::string(name);

    auto& of = visitors_[from.sid()];
    if (const auto known = of.by_key.find(key); known != of.by_key.end()) {
        auto& before = *known->second;
        if (now - before.at < rule->second.window) {
            ++repeated_;
            if (!id)
                return true;
            if (before.answer)
                answer(from, *id, *before.answer);
            else if (!before.ack_id)
                answer(from, *id, {"[]", {}}); // the first one asked for none
            else if (before.repeats.size() < max_repeats)
                before.repeats.push_back(*id);
            return true;
        }
        forget(of, known->second);
    }
    while (of.order.size() >= rule->second.last)
        forget(of, std::prev(of.order.end()));
    of.order.push_front({std::move(key), now, id});
    of.by_key.emplace(of.order.front().key, of.order.begin());
    if (id)
        of.by_ack_id.insert_or_assign(*id, of.order.begin());
    return false;
}

void deduplicator::forget(visitor& of, std::list<seen>::iterator which) {
    if (which->answer)
        of.held -= size_of(*which->answer);
    else if (which->ack_id)
        if (const auto found = of.by_ack_id.find(*which->ack_id);
            found != of.by_ack_id.end() && found->second == which)
            of.by_ack_id.erase(found);
    of.by_key.erase(of.by_key.find(which->key));
    of.order.erase(which);
}

void deduplicator::on_reply(const sio::peer& to, std::uint64_t id, const sio::arguments& args) {
    const auto asking = visitors_.find(to.sid());
    if (asking == visitors_.end())
        return;
    auto& of = asking->second;
    const auto found = of.by_ack_id.find(id);
    if (found == of.by_ack_id.end())
        return;
    const auto which = found->second;
    of.by_ack_id.erase(found);
    const auto repeats = std::exchange(which->repeats, {});
    const auto size = size_of(args);
    if (size > max_answer_bytes) {
        which->ack_id.reset();
        forget(of, which);
    } else {
        which->answer = args;
        of.held += size;
        while (of.held > max_answer_bytes) {
            auto oldest = std::prev(of.order.end());
            while (!oldest->answer)
                --oldest;
            forget(of, oldest);
        }
    }
    for (const auto each : repeats)
        answer(to, each, args);
}

// An attachment is framed in place, for one packet.
void deduplicator::answer(const sio::peer& to, std::uint64_t id, const sio::arguments& args) {
    sio::arguments own{args.json, {}};
    for (const auto& each : args.attachments)
        own.attachments.emplace_back(each.view());
    rooms_.send_ack(to.sid(), to.nsp(), id, own);
}

} // namespace features::flow
