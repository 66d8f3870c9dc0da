#include "eio/session_table.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace eio {

session_table::session_table(std::function<void()> schedule_flush, std::function<void()> ask_relay)
    : schedule_flush_(std::move(schedule_flush)), ask_relay_(std::move(ask_relay)) {}

session& session_table::add(std::unique_ptr<session> opened) {
    auto& added = *opened;
    sessions_.emplace(added.sid(), std::move(opened));
    schedule(added);
    return added;
}

session* session_table::find(std::string_view sid) noexcept {
    const auto found = sessions_.find(sid);
    return found == sessions_.end() ? nullptr : found->second.get();
}

std::vector<session*> session_table::all() {
    std::vector<session*> list;
    list.reserve(sessions_.size());
    for (const auto& [sid, each] : sessions_)
        list.push_back(each.get());
    return list;
}

void session_table::mark_dirty(session& sending) {
    if (std::exchange(sending.dirty_, true))
        return;
    dirty_.push_back(&sending);
    if (dirty_.size() == 1)
        schedule_flush_();
}

void session_table::schedule(session& due) {
    const auto at = due.deadline();
    if (due.closed() || at >= due.armed_for_)
        return;
    due.armed_for_ = at;
    deadlines_.push({at, due.sid()});
    if (deadlines_.top().at == at && dirty_.empty())
        schedule_flush_(); // the turn's end sets the timer
}

void session_table::retire(session& closed) {
    const auto found = sessions_.find(closed.sid());
    assert(found != sessions_.end() && found->second.get() == &closed);
    retired_.push_back(std::move(found->second));
    sessions_.erase(found);
    if (dirty_.empty() && retired_.size() == 1)
        schedule_flush_();
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

void session_table::flush(base::time_point now) {
    auto turn = std::exchange(dirty_, {});
    const auto count = std::min(turn.size(), sessions_per_flush);
    for (std::size_t i = 0; i < count; ++i) {
        turn[i]->dirty_ = false;
        turn[i]->flush(now);
    }
    // What is left goes first next time, before those that this turn has made dirty again.
    turn.erase(turn.begin(), turn.begin() + static_cast<std::ptrdiff_t>(count));
    turn.insert(turn.end(), dirty_.begin(), dirty_.end());
    dirty_ = std::move(turn);
    if (!dirty_.empty())
        schedule_flush_();
    else
        retired_.clear();
}

void session_table::sweep(base::time_point now) {
    while (!deadlines_.empty() && deadlines_.top().at <= now) {
        const auto due = deadlines_.top();
        deadlines_.pop();
        auto* found = find(due.sid);
        if (!found || found->armed_for_ != due.at)
            continue;
        found->armed_for_ = session::never;
        if (found->deadline() <= now)
            found->on_deadline(now);
        schedule(*found); // a closed one is not
    }
}

std::optional<base::time_point> session_table::next_deadline() const {
    if (deadlines_.empty())
        return std::nullopt;
    return deadlines_.top().at;
}

} // namespace eio
