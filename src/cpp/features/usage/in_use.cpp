#include "features/usage/in_use.hpp"

#include "base/utf8.hpp"
#include "features/usage/counts.hpp"

#include <algorithm>

namespace features::usage {

in_use::until* in_use::find(std::string_view model, base::time_point now) {
    if (model.empty() || model.size() > most_name_bytes || !base::is_utf8(model))
        return nullptr;
    if (now >= soonest_)
        expire(now);
    const auto known = all_.find(model);
    if (known != all_.end())
        return &known->second;
    if (all_.size() >= most_models)
        return nullptr;
    changed_ = true;
    return &all_.emplace(model, until{}).first->second;
}

bool in_use::touch(std::string_view model, base::time_point now) {
    auto* const of = find(model, now);
    if (!of)
        return false;
    of->here = now + ttl_;
    soonest_ = std::min(soonest_, of->any());
    return true;
}

bool in_use::touch_remote(
    std::string_view model, base::clock::duration remaining, base::time_point now) {
    auto* const of = find(model, now);
    if (!of)
        return false;
    of->elsewhere = std::max(of->elsewhere, now + std::min(remaining, ttl_));
    soonest_ = std::min(soonest_, of->any());
    return true;
}

std::vector<std::string> in_use::models(base::time_point now) const {
    std::vector<std::string> list;
    for (const auto& [model, of] : all_)
        if (of.any() > now)
            list.push_back(model);
    std::ranges::sort(list);
    return list;
}

std::vector<std::pair<std::string, base::clock::duration>>
in_use::local(base::time_point now) const {
    std::vector<std::pair<std::string, base::clock::duration>> list;
    for (const auto& [model, of] : all_)
        if (of.here > now)
            list.emplace_back(model, of.here - now);
    return list;
}

void in_use::expire(base::time_point now) {
    // All are looked at, but not more often than the first of them could have expired.
    changed_ |= std::erase_if(all_, [&](const auto& each) { return each.second.any() <= now; }) > 0;
    soonest_ = base::time_point::max();
    for (const auto& [model, of] : all_)
        soonest_ = std::min(soonest_, of.any());
}

std::optional<std::vector<std::string>> in_use::changed(base::time_point now) {
    if (now >= soonest_)
        expire(now);
    if (!changed_ || (told_at_ && now < *told_at_ + least_pause))
        return std::nullopt;
    changed_ = false;
    auto list = models(now);
    if (list == told_)
        return std::nullopt;
    told_ = list;
    told_at_ = now;
    return list;
}

std::optional<base::time_point> in_use::next_deadline() const noexcept {
    auto next = soonest_;
    if (changed_)
        next = std::min(next, told_at_ ? *told_at_ + least_pause : base::time_point());
    return next == base::time_point::max() ? std::nullopt : std::optional(next);
}

} // namespace features::usage
