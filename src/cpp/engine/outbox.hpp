// What leaves the shards. It outlives them, so that what was said last can still be read. Any
// thread.
#pragma once

#include "base/mailbox.hpp"
#include "engine/notification.hpp"
#include "engine/wake_descriptor.hpp"

#include <atomic>
#include <cstddef>
#include <utility>

namespace engine {

struct outbox {
    base::mailbox<notification> box;
    wake_descriptor wake;
    // Of the log lines in it, bytes. What a busy application has not read by then is not written.
    std::atomic<std::size_t> log_bytes = 0;
    static constexpr std::size_t most_log_bytes = 16 * 1024 * 1024;
    // Of refused requests in it, likewise: strangers make as many as they like.
    std::atomic<std::size_t> refusals = 0;
    static constexpr std::size_t most_refusals = 1'000;
    // And of questions about requests: their clients may have left, and others have come.
    std::atomic<std::size_t> questions = 0;
    static constexpr std::size_t most_questions = 10'000;

    void post(notification&& told) {
        // The first one after a drain wakes the reader, the others ride along.
        if (box.post(std::move(told)) == base::post_result::first)
            wake.signal();
    }
};

} // namespace engine
