// What a document tells the application's store, and hears from it.
#include "features/yjs/shared_document.hpp"

#include <algorithm>

namespace features::yjs {

void shared_document::on_loaded(loaded_document&& loaded, base::time_point now) {
    if (!loading_)
        return;
    loading_ = false;
    auto waiting = std::exchange(waiting_, {});
    waiting_bytes_ = 0;
    if (!loaded.ok || !begin(std::move(loaded), now)) {
        failed_ = true;
        for (const auto& each : waiting) {
            refuse(each, refusal::not_loaded);
            if (each.how == channel::y_socket_io && each.kind == request_kind::join)
                around_.rooms.disconnect(each.sid, each.nsp); // it asks again when it reconnects
        }
        return;
    }
    left_at_ = now;
    for (auto& each : waiting)
        carry_out(std::move(each), now);
}

bool shared_document::begin(loaded_document&& loaded, base::time_point now) {
    epoch_ = loaded.epoch.empty() ? around_.app.new_epoch() : std::move(loaded.epoch);
    number_ = kept_ = replaced_ = loaded.number;
    content_ = std::move(loaded.content);
    std::size_t damaged = 0;
    for (const auto& each : loaded.updates)
        if (history_.add(each, false) == history::outcome::malformed)
            ++damaged;
    if (damaged > 0) {
        damaged_ = true;
        around_.counted.damaged_updates += damaged;
        around_.app.tell(load_fault{name_, damaged, loaded.updates.size(), {}});
    }
    history_.compact();
    if (!history_.empty() || loaded.seed.empty())
        return true;
    bool added = false;
    const auto why = add(loaded.seed, now, added);
    if (why == refusal::none)
        return true;
    around_.app.tell(
        load_fault{name_, 0, 0, why == refusal::malformed ? history_.fault() : to_string(why)});
    return false;
}

void shared_document::keep(std::string_view update) {
    if (!around_.chosen.keeps_updates) {
        kept_ = number_;
        return;
    }
    unkept_.push_back({number_, update.size()});
    unkept_bytes_ += update.size();
    around_.app.tell(kept_update{name_, epoch_, number_, std::string(update)});
}

void shared_document::when_kept(std::function<void()> call) {
    if (!around_.chosen.durable || kept_ == number_)
        call();
    else
        held_.push_back({number_, std::move(call)});
}

void shared_document::on_kept(std::uint64_t number) {
    kept_ = std::max(kept_, number);
    while (!unkept_.empty() && unkept_.front().number <= kept_) {
        unkept_bytes_ -= unkept_.front().bytes;
        unkept_.pop_front();
    }
    while (!held_.empty() && held_.front().number <= kept_) {
        const auto next = std::move(held_.front());
        held_.pop_front();
        next.call();
    }
}

void shared_document::store(base::time_point now) {
    const auto& chosen = around_.chosen;
    const bool replaces = chosen.keeps_updates && number_ != replaced_ && !damaged_ &&
                          (members_.empty() || number_ - replaced_ >= chosen.tail_updates);
    timing_.begin();
    if (blank() || (!chosen.stores && !replaces))
        return timing_.end(true, now); // cleared, or each update has been kept
    history_.compact();
    around_.app.tell(
        stored_snapshot{
            .document = name_,
            .epoch = epoch_,
            .number = number_,
            .snapshot = std::string(history_.state()),
            .data = data_,
            .replaces = replaces});
    if (replaces)
        storing_number_ = number_;
}

void shared_document::on_stored(bool stored, base::time_point now) {
    timing_.end(stored, now);
    const auto number = std::exchange(storing_number_, 0);
    if (stored && number != 0)
        replaced_ = number;
}

std::optional<base::time_point> shared_document::due() const {
    auto soonest = timing_.due();
    const auto also = [&](base::time_point at) { soonest = soonest ? std::min(*soonest, at) : at; };
    if (untold_due_)
        also(*untold_due_);
    if (at_rest() && around_.chosen.loads)
        also(left_at_ + around_.chosen.unload_after);
    return soonest;
}

void shared_document::sweep(base::time_point now) {
    if (untold_due_ && *untold_due_ <= now)
        tell_untold(now);
    if (const auto at = timing_.due(); at && *at <= now)
        store(now);
}

void shared_document::flush(base::time_point now, bool failed_too) {
    if (timing_.due() && (failed_too || !timing_.retries())) // and is not being stored
        store(now);
}

bool shared_document::at_rest() const noexcept {
    return !loading_ && members_.empty() && timing_.clean() && held_.empty() && unkept_.empty();
}

void shared_document::add_to(counters& sums) const {
    ++sums.documents;
    sums.members += members_.size();
    sums.bytes += history_.bytes();
    sums.unkept_bytes += unkept_bytes_;
    sums.tail_updates += history_.tail_updates();
    sums.tail_bytes += history_.tail_bytes();
}

} // namespace features::yjs
