// Parts of one thing that are done in several places: who is done last is told so. Any thread.
#pragma once

#include <atomic>
#include <memory>

namespace base {

class countdown {
public:
    countdown() noexcept = default; // one part
    explicit countdown(unsigned parts)
        : left_(parts > 1 ? std::make_shared<std::atomic<unsigned>>(parts) : nullptr) {}

    // A part is done. True for the last one: all that the others did before is seen by now.
    [[nodiscard]] bool done() noexcept {
        return !left_ || left_->fetch_sub(1, std::memory_order_acq_rel) == 1;
    }

private:
    std::shared_ptr<std::atomic<unsigned>> left_;
};

} // namespace base
