#include "features/flow/limiter.hpp"

#include <utility>

namespace features::flow {

void limiter::on_leave(const sio::peer& who, base::time_point) {
    addresses_.erase(who.sid());
}

std::string limiter::key_of(const sio::peer& who, const limit& by) {
    auto key = std::to_string(by.id);
    switch (by.by) {
    case counted_by::sid:
        break;
    case counted_by::user:
        if (who.user().empty())
            break; // nobody's: it counts by itself
        return key.append("u").append(who.user());
    case counted_by::address: {
        auto found = addresses_.find(who.sid());
        if (found == addresses_.end())
            found = addresses_.emplace(who.sid(), who.request().address).first;
        return key + "a" + found->second;
    }
    }
    return key + "s" + who.sid().str();
}

bool limiter::on_event(
    const sio::peer& from,
    std::string_view name,
    std::optional<std::uint64_t> id,
    sio::arguments& args,
    base::time_point now) {
    return !passes_ && limits_ && !proceed(from, name, id, args, 0, now);
}

bool limiter::proceed(
    const sio::peer& from,
    std::string_view name,
    std::optional<std::uint64_t> id,
    sio::arguments& args,
    std::size_t next,
    base::time_point now) {
    const auto nsp = limits_->find(from.nsp());
    if (nsp == limits_->end())
        return true;
    auto found = nsp->second.find(name);
    if (found == nsp->second.end())
        found = nsp->second.find("*");
    if (found == nsp->second.end())
        return true;
    for (; next < found->second.size(); ++next) {
        const auto& each = found->second[next];
        const auto key = key_of(from, each);
        if (each.by != counted_by::sid && !others_.counts_here(key)) {
            others_.judge_elsewhere(
                {key,
                 each.most,
                 from.sid(),
                 from.eio_sid(),
                 std::string(from.nsp()),
                 std::string(name),
                 id,
                 std::move(args),
                 next + 1});
            return false;
        }
        if (!judge(key, each.most, now)) {
            refuse(from, id);
            return false;
        }
    }
    return true;
}

bool limiter::judge(const std::string& key, const rate& most, base::time_point now) {
    auto found = logs_.find(key);
    if (found == logs_.end()) {
        if (logs_.size() >= max_keys_)
            if (auto* silent = silent_.take_due(base::time_point::max()))
                logs_.erase(logs_.find(silent->key));
        found = logs_.emplace(key, std::make_unique<counted>(counted{key})).first;
    }
    auto& of = *found->second;
    if (!of.log.take(most, now))
        return false;
    silent_.set(of, now + most.window);
    return true;
}

void limiter::refuse(const sio::peer& from, std::optional<std::uint64_t> id) {
    ++refused_;
    if (id)
        rooms_.send_ack(
            from.sid(),
            from.nsp(),
            *id,
            {R"([{"success":false,"error":"Rate limit exceeded"}])", {}});
    else
        rooms_.emit_to(from.sid(), from.nsp(), {R"(["error","Rate limit exceeded"])", {}});
}

void limiter::sweep(base::time_point now) {
    while (auto* silent = silent_.take_due(now))
        logs_.erase(logs_.find(silent->key));
}

} // namespace features::flow
