#include "engine/shards.hpp"

#include "base/sid.hpp"
#include "base/string_hash.hpp"
#include "features/flow/recorder.hpp"

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

void shards::stop(std::chrono::milliseconds patience) {
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
