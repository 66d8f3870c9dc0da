#include "engine/shards.hpp"

#include "base/sid.hpp"
#include "base/string_hash.hpp"
#include "eio/server.hpp"
#include "engine/ask.hpp"
#include "engine/lending.hpp"
#include "features/flow/recorder.hpp"

#include <algorithm>
#include <thread>

namespace engine {

shards::shards(const config& options, const std::shared_ptr<outbox>& out)
    : count_(options.threads) {
    const totals counted;
    all_.reserve(count_);
    for (unsigned index = 0; index < count_; ++index)
        all_.push_back(std::make_unique<shard>(options, out, counted, index, *this));
}

shards::~shards() {
    // None is freed while another runs, which might post to it.
    stop(std::chrono::milliseconds::zero());
}

unsigned shards::home_of(const eio::http_request& request) {
    if (count_ == 1)
        return 0;
    if (const auto sid = eio::query_parameter(request.query, "sid"))
        return owner_of(*sid, count_);
    return turn_.fetch_add(1, std::memory_order_relaxed) % count_;
}

unsigned shards::host_of(std::string_view eio_sid) const {
    if (lends_.load(std::memory_order_relaxed)) {
        const std::lock_guard lock(hosts_mutex_);
        if (const auto found = hosts_.find(eio_sid); found != hosts_.end())
            return found->second;
    }
    return owner_of(eio_sid, count_);
}

void shards::set_host(const base::sid& eio_sid, unsigned shard) {
    const std::lock_guard lock(hosts_mutex_);
    hosts_[eio_sid] = shard;
    lends_ = true;
}

void shards::forget_host(const base::sid& eio_sid) {
    if (!lends_.load(std::memory_order_relaxed))
        return;
    const std::lock_guard lock(hosts_mutex_);
    hosts_.erase(eio_sid);
}

void shards::end_carried(base::time_point until) {
    for (const auto& each : all_)
        each->post(
            [](shard_context& in) {
                in.eio().refuse_new_sessions();
                in.lent().end_carried(in);
            },
            urgency::now);
    auto count = [](shard_context& in) { return in.lent().carried(); };
    for (;;) {
        std::size_t left = 0;
        for (const auto& each : all_) {
            auto answer = put(*each, count);
            left += received(answer);
        }
        if (left == 0 || base::clock::now() >= until)
            return;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void shards::stop(std::chrono::milliseconds patience) {
    if (lends_ && patience.count() != 0) {
        const auto until = base::clock::now() + patience;
        end_carried(until);
        patience = std::max(
            std::chrono::floor<std::chrono::milliseconds>(until - base::clock::now()),
            std::chrono::milliseconds::zero());
    }
    for (const auto& each : all_)
        each->begin_stop(patience);
    for (const auto& each : all_)
        each->join();
}

unsigned owner_of(std::string_view sid, unsigned count) noexcept {
    return count == 1 ? 0 : base::shard_of(sid, count).value_or(0);
}

unsigned home_of_key(std::string_view key, unsigned count) noexcept {
    return count == 1 ? 0 : static_cast<unsigned>(base::string_hash{}(key) % count);
}

} // namespace engine
