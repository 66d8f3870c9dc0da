// When a document is stored: once it rests, or has not rested for a while; again, and again later,
// when that has failed. Belongs to one thread.
#pragma once

#include "base/clock.hpp"
#include "features/yjs/options.hpp"

#include <algorithm>
#include <optional>

namespace features::yjs {

class store_timing {
public:
    explicit store_timing(const options& chosen) : options_(chosen) {}

    void changed(base::time_point now) {
        if (!first_)
            first_ = now;
        last_ = now;
    }
    // Nothing while it is being stored: what comes meanwhile is due afterwards.
    [[nodiscard]] std::optional<base::time_point> due() const {
        if (storing_ || !first_)
            return std::nullopt;
        const auto rested = std::min(last_ + options_.store_after, *first_ + options_.store_within);
        return retry_at_ ? std::max(rested, *retry_at_) : rested;
    }
    // The last try has failed, and the next one is later.
    [[nodiscard]] bool retries() const noexcept { return retry_at_.has_value(); }
    [[nodiscard]] bool clean() const noexcept { return !storing_ && !first_; }

    void begin() {
        storing_ = true;
        first_.reset();
    }
    void end(bool stored, base::time_point now) {
        if (!storing_)
            return;
        storing_ = false;
        if (stored) {
            retry_at_.reset();
            pause_ = {};
            return;
        }
        changed(now);
        pause_ = std::clamp<base::clock::duration>(
            2 * pause_, options_.retry_after, options_.retry_within);
        retry_at_ = now + pause_;
    }

private:
    const options& options_;
    std::optional<base::time_point> first_; // change since it was last given to the store
    base::time_point last_;
    std::optional<base::time_point> retry_at_;
    base::clock::duration pause_{};
    bool storing_ = false;
};

} // namespace features::yjs
