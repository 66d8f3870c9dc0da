// The time of sessions: the steady clock's, until a test takes hold of it.
#pragma once

#include "base/clock.hpp"

#include <optional>

namespace base {

// Held, it stands still, and moves by what it is told. It never goes back: released, it goes on
// from where it stood. Belongs to a shard's thread.
class session_clock {
public:
    [[nodiscard]] time_point now() const noexcept {
        return held_at_ ? *held_at_ : clock::now() + ahead_;
    }
    [[nodiscard]] bool held() const noexcept { return held_at_.has_value(); }
    // What the steady clock will show when this one shows `at`, unless it is held before.
    [[nodiscard]] time_point steady(time_point at) const noexcept { return at - ahead_; }

    void hold() noexcept {
        if (!held_at_)
            held_at_ = now();
    }
    // Only while it is held.
    void pass(clock::duration by) noexcept { *held_at_ += by; }
    void release() noexcept {
        if (!held_at_)
            return;
        ahead_ = *held_at_ - clock::now();
        held_at_.reset();
    }

private:
    std::optional<time_point> held_at_;
    clock::duration ahead_{}; // of the steady clock; less than nothing when it was held for long
};

inline constexpr session_clock real_time{};

} // namespace base
