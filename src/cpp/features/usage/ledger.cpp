#include "features/usage/ledger.hpp"

#include <algorithm>
#include <utility>

namespace features::usage {

// --- models and groups ---

std::optional<std::uint32_t> ledger::use_model(std::string_view name) {
    if (const auto known = models_.find(name); known != names::none)
        return known;
    if (models_.size() >= most_models)
        return std::nullopt;
    of_model_.emplace_back();
    return models_.use(name);
}

group* ledger::find(std::string_view name) {
    const auto found = std::ranges::find(
        groups_, name, [](const auto& each) { return std::string_view(each->name()); });
    return found == groups_.end() ? nullptr : found->get();
}

group* ledger::known_group(std::string_view name) {
    if (auto* const known = find(name))
        return known;
    if (groups_.size() >= most_groups)
        return nullptr;
    groups_.push_back(std::make_unique<group>(std::string(name)));
    members_.emplace_back();
    return groups_.back().get();
}

group* ledger::declare(std::string_view name, const std::vector<std::string>& models) {
    std::vector<std::uint32_t> numbers;
    for (const auto& each : models) {
        const auto number = use_model(each);
        if (!number)
            return nullptr;
        numbers.push_back(*number);
    }
    auto* const declared = known_group(name);
    if (!declared)
        return nullptr;
    const auto index =
        std::ranges::find(groups_, declared, [](const auto& each) { return each.get(); });
    members_[static_cast<std::size_t>(index - groups_.begin())] = std::move(numbers);
    assign_sets();
    return declared;
}

void ledger::assign_sets() {
    std::vector<std::vector<std::uint32_t>> of(of_model_.size());
    for (std::uint32_t each = 0; each < members_.size(); ++each)
        for (const auto model : members_[each])
            if (of[model].empty() || of[model].back() != each)
                of[model].push_back(each);
    for (std::size_t model = 0; model < of.size(); ++model)
        of_model_[model].groups = set_number(std::move(of[model]));
}

std::uint32_t ledger::set_number(std::vector<std::uint32_t> groups) {
    const auto next = static_cast<std::uint32_t>(sets_.size());
    const auto [known, is_new] = set_numbers_.emplace(std::move(groups), next);
    if (is_new)
        sets_.push_back(known->first);
    return known->second;
}

std::vector<std::string> ledger::names_of_set(std::uint32_t set) const {
    std::vector<std::string> list;
    for (const auto each : sets_[set])
        list.push_back(groups_[each]->name());
    return list;
}

std::string ledger::groups_of(std::string_view model) const {
    std::string lines;
    const auto number = models_.find(model);
    if (number != names::none)
        for (const auto& each : names_of_set(of_model_[number].groups))
            lines += each + '\n';
    return lines;
}

// --- counting ---

ledger::place ledger::find_place(const record& of, bool pending) {
    place made;
    const auto model = use_model(of.model);
    if (!model)
        return made;
    const auto minute = static_cast<std::uint32_t>(of.at / 60);
    made.in_ = find_row(*model, of.user, of_model_[*model].groups, minute);
    if (made.in_)
        made.found_ = check(*made.in_, {of.in, of.out, of.total, 1}, pending && !of.id.empty());
    return made;
}

void ledger::add(place in, const record& counted, std::int64_t now, bool pending) {
    const counts sum{counted.in, counted.out, counted.total, 1};
    count(*in.in_, sum, counted.id, now, pending);
    add_to_groups(in.in_->of.groups, counted.at / 60, sum, now / 60);
}

outcome ledger::restore(
    const row_value& of, std::string_view id, std::int64_t at, std::int64_t now, bool pending) {
    const auto model = use_model(of.model);
    std::vector<std::uint32_t> set;
    for (const auto& name : of.groups) {
        const auto* const member = known_group(name);
        if (!member)
            return outcome::full;
        const auto found =
            std::ranges::find(groups_, member, [](const auto& each) { return each.get(); });
        set.push_back(static_cast<std::uint32_t>(found - groups_.begin()));
    }
    std::ranges::sort(set);
    const auto number = set_number(std::move(set));
    auto* const in =
        model ? find_row(*model, of.user, number, static_cast<std::uint32_t>(of.minute)) : nullptr;
    if (!in)
        return outcome::full;
    const auto result = check(*in, of.sum, pending && !id.empty());
    if (result != outcome::counted)
        return result;
    count(*in, of.sum, id, at, pending);
    add_to_groups(number, of.minute, of.sum, now / 60);
    return result;
}

ledger::row* ledger::find_row(
    std::uint32_t model, std::string_view user, std::uint32_t groups, std::uint32_t minute) {
    const auto by_whom = users_.use(user);
    const key of{model, by_whom, groups, minute};
    if (const auto known = rows_.find(of); known != rows_.end()) {
        users_.release(by_whom);
        return &known->second;
    }
    if (rows_.size() >= most_rows && !make_room()) {
        users_.release(by_whom);
        return nullptr;
    }
    auto& made = rows_[of];
    made.of = of;
    made.total = &totals_[(std::uint64_t{model} << 32) | groups];
    by_minute_[minute].push_back(&made);
    return &made;
}

outcome ledger::check(const row& in, const counts& sum, bool with_id) const noexcept {
    if (in.total->total > largest_sum - sum.total || in.total->in > largest_sum - sum.in ||
        in.total->out > largest_sum - sum.out)
        return outcome::overflow;
    return with_id && unsent_ids_.size() >= most_unsent_ids ? outcome::full : outcome::counted;
}

void ledger::count(row& in, const counts& sum, std::string_view id, std::int64_t at, bool pending) {
    in.sum += sum;
    *in.total += sum;
    if (!pending)
        return;
    in.unsent += sum;
    if (!in.listed) {
        in.listed = true;
        in.place = static_cast<std::uint32_t>(unsent_.size());
        unsent_.push_back(&in);
    }
    if (!id.empty())
        unsent_ids_.push_back({std::string(id), &in, sum, at});
}

void ledger::add_to_groups(
    std::uint32_t set, std::int64_t minute, const counts& sum, std::int64_t now_minute) {
    for (const auto each : sets_[set])
        groups_[each]->add(minute, sum, now_minute);
}

// --- what goes ---

batch ledger::take() {
    batch taken;
    taken.rows.reserve(unsent_.size());
    for (auto* const each : unsent_) {
        taken.rows.push_back(value_of(each->of, each->unsent));
        each->unsent = {};
        each->listed = false;
    }
    taken.ids.reserve(unsent_ids_.size());
    for (auto& each : unsent_ids_)
        taken.ids.push_back({std::move(each.id), each.of->place, each.sum, each.at});
    unsent_.clear();
    unsent_ids_.clear();
    return taken;
}

void ledger::forget_old(std::int64_t now_minute) {
    while (!by_minute_.empty() && by_minute_.begin()->first < now_minute - keep_) {
        const auto before = rows_.size();
        forget_minute(by_minute_.begin());
        if (rows_.size() == before)
            return; // all of it waits to be sent
    }
}

bool ledger::make_room() {
    const auto before = rows_.size();
    for (auto each = by_minute_.begin(); each != by_minute_.end() && rows_.size() == before;)
        forget_minute(each++);
    return rows_.size() < before;
}

void ledger::forget_minute(std::map<std::uint32_t, std::vector<row*>>::iterator minute) {
    std::erase_if(minute->second, [this](row* each) {
        if (each->listed)
            return false;
        users_.release(each->of.user);
        rows_.erase(key(each->of));
        return true;
    });
    if (minute->second.empty())
        by_minute_.erase(minute);
}

// --- what is read ---

row_value ledger::value_of(const key& of, const counts& sum) const {
    return {models_[of.model], users_[of.user], names_of_set(of.groups), of.minute, sum};
}

std::vector<row_value> ledger::totals() const {
    std::vector<row_value> list;
    for (const auto& [of, sum] : totals_)
        list.push_back(
            {models_[static_cast<std::uint32_t>(of >> 32)],
             {},
             names_of_set(static_cast<std::uint32_t>(of)),
             0,
             sum});
    return list;
}

std::vector<row_value> ledger::rows(
    std::int64_t from,
    const std::optional<std::string>& model,
    const std::optional<std::string>& user,
    const std::optional<std::string>& group) const {
    std::vector<row_value> list;
    const auto of_group = [&](std::uint32_t set) {
        return std::ranges::any_of(
            sets_[set], [&](auto each) { return groups_[each]->name() == *group; });
    };
    const auto first = static_cast<std::uint32_t>(std::max<std::int64_t>(from, 0));
    for (auto each = by_minute_.lower_bound(first); each != by_minute_.end(); ++each)
        for (const auto* found : each->second)
            if ((!model || models_[found->of.model] == *model) &&
                (!user || users_[found->of.user] == *user) &&
                (!group || of_group(found->of.groups)))
                list.push_back(value_of(found->of, found->sum));
    return list;
}

} // namespace features::usage
