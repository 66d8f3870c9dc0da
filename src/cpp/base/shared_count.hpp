// A count that several shards keep together. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace base {

using shared_count = std::shared_ptr<std::atomic<std::size_t>>;

[[nodiscard]] inline shared_count make_shared_count() {
    return std::make_shared<std::atomic<std::size_t>>(0);
}

} // namespace base
