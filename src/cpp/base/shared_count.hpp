// A count that several shards keep together. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace base {

using shared_count = std::shared_ptr<std::atomic<std::size_t>>;

[[nodiscard]] inline shared_count make_shared_count() {
    return std::make_shared<std::atomic<std::size_t>>(0);
}

// One of what is counted. It goes along with what it stands for, so that this counts once wherever
// it is: a limit of all shards must not see something twice that is on its way between two.
class counted {
public:
    explicit counted(shared_count in) noexcept : in_(std::move(in)) { ++*in_; }
    counted(counted&&) noexcept = default;
    counted& operator=(counted&&) = delete;
    ~counted() { end(); }
    void end() noexcept {
        if (const auto in = std::exchange(in_, nullptr))
            --*in;
    }

private:
    shared_count in_; // null: it has ended, or gone on
};

} // namespace base
