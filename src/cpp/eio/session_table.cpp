#include "eio/session_table.hpp"

#include <algorithm>
#include <cassert>
#include <exception>
#include <span>
#include <utility>

namespace eio {

session_table::session_table(
    std::function<void()> schedule_flush, std::function<void()> ask_relay, base::shared_count open)
    : schedule_flush_(std::move(schedule_flush)),
      ask_relay_(std::move(ask_relay)),
      open_(std::move(open)) {}

session_table::~session_table() {
    for (auto* each : std::span(dirty_).subspan(flushed_))
        if (each->closed())
            delete each;
}

session& session_table::add(std::unique_ptr<session> opened) {
    auto& added = sessions_.add(std::move(opened));
    if (added.carried())
        ++carried_;
    else
        ++*open_;
    schedule(added);
    return added;
}

std::vector<session*> session_table::all() {
    return {sessions_.begin(), sessions_.end()};
}

void session_table::mark_dirty(session& sending) {
    if (sending.dirty_)
        return;
    dirty_.push_back(&sending);
    sending.dirty_ = true;
    if (dirty_.size() == 1)
        schedule_flush_();
}

void session_table::schedule(session& due) {
    const auto at = due.deadline();
    if (due.closed() || at >= deadlines_.of(due))
        return;
    deadlines_.set(due, at);
    if (deadlines_.soonest() == at && dirty_.empty())
        schedule_flush_(); // the turn's end sets the timer
}

void session_table::retire(session& closed) {
    assert(closed.closed());
    deadlines_.clear(closed);
    mark_dirty(closed);
    sessions_.take(closed).release(); // dirty_ has it now
    if (closed.carried())
        --carried_;
    else
        --*open_;
}

void session_table::await_relay(session& waiting) {
    relay_waits_.push_back({relay_round_ + relay_rounds, waiting.sid()});
    if (relay_waits_.size() == 1)
        ask_relay_();
}

void session_table::on_relay_round(base::time_point now) {
    ++relay_round_;
    const auto asked = !relay_waits_.empty();
    while (!relay_waits_.empty() && relay_waits_.front().until <= relay_round_) {
        const auto sid = relay_waits_.front().sid;
        relay_waits_.pop_front();
        if (auto* waiting = find(sid))
            waiting->on_relay_alive(now);
    }
    if (asked && !relay_waits_.empty())
        ask_relay_();
}

template <class Step>
void session_table::attempt(session& by, base::time_point now, Step step) noexcept {
    try {
        step();
    } catch (const std::exception& error) {
        by.give_up(error.what(), now);
    }
}

void session_table::flush(base::time_point now) {
    const auto end = std::min(dirty_.size(), flushed_ + sessions_per_flush);
    while (flushed_ < end) {
        auto* next = dirty_[flushed_++];
        next->dirty_ = false;
        if (next->closed())
            delete next;
        else
            attempt(*next, now, [&] { next->flush(now); });
    }
    // Those that this has made dirty again stand behind those that still wait.
    if (flushed_ > dirty_.size() / 2) {
        dirty_.erase(dirty_.begin(), dirty_.begin() + static_cast<std::ptrdiff_t>(flushed_));
        flushed_ = 0;
    }
    if (!dirty_.empty())
        schedule_flush_();
}

void session_table::sweep(base::time_point now) {
    while (auto* due = deadlines_.take_due(now)) {
        if (due->deadline() <= now)
            attempt(*due, now, [&] { due->on_deadline(now); });
        schedule(*due); // a closed one is not
    }
}

} // namespace eio
