#include "features/flow/conflator.hpp"

#include <utility>

namespace features::flow {

void conflator::offer(
    const std::string& key,
    emission&& latest,
    base::clock::duration interval,
    base::time_point now) {
    const auto found = windows_.find(key);
    if (found == windows_.end()) {
        if (windows_.size() < most_.keys) {
            auto opened = std::make_unique<window>(window{key, interval});
            ends_.set(*opened, now + interval);
            windows_.emplace(key, std::move(opened));
        }
        send_(std::move(latest));
        return;
    }
    auto& in = *found->second;
    if (in.latest) {
        drop_latest(in);
        ++dropped_;
    }
    in.interval = interval;
    const auto weight = latest.weight();
    if (held_ + weight > most_.bytes) {
        send_(std::move(latest));
        return;
    }
    held_ += weight;
    in.latest = std::move(latest);
}

void conflator::drop_latest(window& of) noexcept {
    held_ -= of.latest->weight();
    of.latest.reset();
}

void conflator::sweep(base::time_point now) {
    while (auto* ended = ends_.take_due(now)) {
        if (!ended->latest) {
            windows_.erase(windows_.find(ended->key));
            continue;
        }
        ends_.set(*ended, now + ended->interval);
        held_ -= ended->latest->weight();
        send_(*std::exchange(ended->latest, std::nullopt));
    }
}

void conflator::flush() {
    for (auto& [key, each] : windows_)
        if (each->latest) {
            held_ -= each->latest->weight();
            send_(*std::exchange(each->latest, std::nullopt));
        }
}

} // namespace features::flow
