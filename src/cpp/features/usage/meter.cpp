#include "features/usage/meter.hpp"

#include <limits>
#include <random>

namespace features::usage {

namespace {

constexpr auto never = std::numeric_limits<base::clock::rep>::max();

hash128 random_key() {
    std::random_device random;
    const auto word = [&] { return (std::uint64_t{random()} << 32) | random(); };
    return {word(), word()};
}

} // namespace

meter::meter(const meter_options& options)
    : options_(options),
      ledger_(options.keep_minutes),
      ids_(random_key(), options.most_ids, options.id_seconds),
      in_use_(options.in_use_ttl),
      in_use_deadline_(never) {}

// --- counting ---

outcome meter::count(record of, std::int64_t now) {
    const std::lock_guard lock(mutex_);
    return count_locked(of, now);
}

std::vector<outcome> meter::count_many(std::vector<record> list, std::int64_t now) {
    std::vector<outcome> outcomes;
    outcomes.reserve(list.size());
    const std::lock_guard lock(mutex_);
    for (auto& each : list)
        outcomes.push_back(count_locked(each, now, true));
    if (journal_ && !journal_->write_appended())
        outcomes.assign(list.size(), outcome::journal_failed);
    return outcomes;
}

outcome meter::count_locked(record& of, std::int64_t now, bool more) {
    if (of.at == 0)
        of.at = now;
    auto result = check(of, now);
    const auto id = of.id.empty() ? hash128() : ids_.known_by(of.id);
    if (result == outcome::counted && !of.id.empty() && ids_.contains(id, now)) {
        ++counted_.duplicates;
        return outcome::duplicate;
    }
    const auto minute = now / 60;
    if (minute != swept_minute_) {
        swept_minute_ = minute;
        ledger_.forget_old(minute);
    }
    const auto place =
        result == outcome::counted ? ledger_.find_place(of, collecting_) : ledger::place();
    if (result == outcome::counted)
        result = place.found();
    // The journal before the sums: what has been counted is on its way to a store.
    if (result == outcome::counted && journal_ &&
        !journal_->append(of, ledger_.groups_of(of.model), now, more))
        result = outcome::journal_failed;
    if (result != outcome::counted) {
        ++counted_.refused;
        return result;
    }
    ledger_.add(place, of, now, collecting_);
    if (!of.id.empty())
        ids_.insert(id, now);
    ++counted_.records;
    if (collecting_ && ++waiting_ == options_.flush_records)
        due_.notify_one();
    return outcome::counted;
}

void meter::count_refused() noexcept {
    const std::lock_guard lock(mutex_);
    ++counted_.refused;
}

// --- models in use ---

void meter::publish_deadline() noexcept {
    const auto next = in_use_.next_deadline();
    in_use_deadline_.store(
        next ? next->time_since_epoch().count() : never, std::memory_order_relaxed);
}

bool meter::touch(std::string_view model, base::time_point now) {
    const std::lock_guard lock(mutex_);
    ++counted_.touches;
    const bool known = in_use_.touch(model, now);
    publish_deadline();
    return known;
}

bool meter::touch_remote(
    std::string_view model, base::clock::duration remaining, base::time_point now) {
    const std::lock_guard lock(mutex_);
    const bool known = in_use_.touch_remote(model, remaining, now);
    publish_deadline();
    return known;
}

std::vector<std::string> meter::models_in_use(base::time_point now) const {
    const std::lock_guard lock(mutex_);
    return in_use_.models(now);
}

std::vector<std::pair<std::string, base::clock::duration>>
meter::used_here(base::time_point now) const {
    const std::lock_guard lock(mutex_);
    return in_use_.local(now);
}

std::optional<std::vector<std::string>> meter::in_use_changed(base::time_point now) {
    const std::lock_guard lock(mutex_);
    auto changed = in_use_.changed(now);
    publish_deadline();
    return changed;
}

std::optional<base::time_point> meter::in_use_deadline() const noexcept {
    const auto next = in_use_deadline_.load(std::memory_order_relaxed);
    return next == never ? std::nullopt
                         : std::optional(base::time_point(base::clock::duration(next)));
}

// --- groups and limits ---

bool meter::declare(
    std::string_view name,
    const std::vector<std::string>& models,
    window_rule rule,
    std::optional<std::int64_t> limit) {
    const std::lock_guard lock(mutex_);
    auto* const declared = ledger_.declare(name, models);
    if (!declared)
        return false;
    declared->rule(std::move(rule), limit);
    return true;
}

std::optional<group_state>
meter::state(std::string_view name, std::int64_t now, base::time_point steady) {
    const std::lock_guard lock(mutex_);
    auto* const of = ledger_.find(name);
    if (!of)
        return std::nullopt;
    end_reservations(steady);
    group_state made{of->used(now / 60), of->reserved, of->limit(), of->resets_at(now / 60)};
    if (made.resets_at)
        *made.resets_at *= 60;
    return made;
}

std::optional<std::uint64_t> meter::try_reserve(
    std::string_view name, std::int64_t tokens, std::int64_t now, base::time_point steady) {
    const std::lock_guard lock(mutex_);
    auto* const of = ledger_.find(name);
    end_reservations(steady);
    if (!of || reservations_.size() >= most_reservations)
        return std::nullopt;
    if (of->limit() && of->used(now / 60).total + of->reserved > *of->limit() - tokens)
        return std::nullopt;
    of->reserved += tokens;
    reservations_.emplace(
        next_reservation_, reservation{of->name(), tokens, steady + options_.reservation_ttl});
    return next_reservation_++;
}

bool meter::release(std::uint64_t of) {
    const std::lock_guard lock(mutex_);
    const auto found = reservations_.find(of);
    if (found == reservations_.end())
        return false;
    end_reservation(found);
    return true;
}

outcome meter::commit(std::uint64_t of, record spent, std::int64_t now) {
    const std::lock_guard lock(mutex_);
    const auto result = count_locked(spent, now);
    const auto found = reservations_.find(of);
    if (found != reservations_.end() &&
        (result == outcome::counted || result == outcome::duplicate))
        end_reservation(found);
    return result;
}

void meter::end_reservations(base::time_point now) {
    while (!reservations_.empty() && reservations_.begin()->second.ends <= now)
        end_reservation(reservations_.begin());
}

void meter::end_reservation(std::map<std::uint64_t, reservation>::iterator ended) {
    ledger_.find(ended->second.group)->reserved -= ended->second.tokens;
    reservations_.erase(ended);
}

// --- for a store ---

void meter::collect(
    std::uint64_t seq, const std::optional<std::string>& journal_folder, bool each) {
    const std::lock_guard lock(mutex_);
    if (journal_folder)
        journal_.emplace(*journal_folder, seq, each);
    seq_ = seq;
    collecting_ = true;
}

bool meter::wait(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    due_.wait_for(lock, most, [this] { return woken_ || waiting_ >= options_.flush_records; });
    woken_ = false;
    return ledger_.has_unsent();
}

void meter::wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    due_.notify_all();
}

batch meter::take() {
    const std::lock_guard lock(mutex_);
    if (!ledger_.has_unsent())
        return {};
    if (journal_)
        journal_->next();
    auto taken = ledger_.take();
    taken.seq = seq_++;
    waiting_ = 0;
    return taken;
}

outcome meter::restore(const journal_record& of, std::int64_t now, bool pending) {
    const std::lock_guard lock(mutex_);
    const auto result = ledger_.restore(of.counted, of.id, of.at, now, pending);
    if (result == outcome::counted && !of.id.empty() && of.at > now - options_.id_seconds)
        ids_.insert(ids_.known_by(of.id), of.at);
    return result;
}

void meter::remember(std::string_view id, std::int64_t at, std::int64_t now) {
    const std::lock_guard lock(mutex_);
    if (at > now - options_.id_seconds)
        ids_.insert(ids_.known_by(id), at);
}

// --- what is read ---

std::vector<row_value> meter::totals() const {
    const std::lock_guard lock(mutex_);
    return ledger_.totals();
}

std::vector<row_value> meter::rows(
    std::int64_t from_minute,
    const std::optional<std::string>& model,
    const std::optional<std::string>& user,
    const std::optional<std::string>& group) const {
    const std::lock_guard lock(mutex_);
    return ledger_.rows(from_minute, model, user, group);
}

meter_statistics meter::statistics() const {
    const std::lock_guard lock(mutex_);
    auto made = counted_;
    made.ids = ids_.size();
    return made;
}

} // namespace features::usage
