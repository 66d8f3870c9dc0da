// Many writers, one reader, one wake-up: the only door between threads, and the only lock.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace base {

// Items are values that own their bytes. The queue is swapped out under the lock and used
// outside it. It has no bound of its own. To a shard: what the application asks. From a shard:
// what its sessions may have under way, each 1,000 unhandled events, 32 namespaces, a send window.
enum class post_result : std::uint8_t {
    first,  // nobody has woken the reader since it took what there was: whoever gets this does
    queued, // the reader will look
    closed, // dropped: the reader is gone
};

template <class Item>
class mailbox {
public:
    post_result post(Item item) {
        const std::lock_guard lock(mutex_);
        if (closed_)
            return post_result::closed;
        items_.push_back(std::move(item));
        return std::exchange(woken_, true) ? post_result::queued : post_result::first;
    }

    // Leaves the reader asleep: wanted() is to be asked when there is more. False: closed.
    bool post_quietly(Item item) {
        const std::lock_guard lock(mutex_);
        if (!closed_)
            items_.push_back(std::move(item));
        return !closed_;
    }

    [[nodiscard]] bool empty() {
        const std::lock_guard lock(mutex_);
        return items_.empty();
    }

    // Is there something that nobody has woken the reader for? Whoever is told so does.
    [[nodiscard]] bool wanted() {
        const std::lock_guard lock(mutex_);
        return !items_.empty() && !std::exchange(woken_, true);
    }

    // Takes everything posted so far; `into` is emptied first and its storage used again.
    void take(std::vector<Item>& into) {
        into.clear();
        const std::lock_guard lock(mutex_);
        items_.swap(into);
        woken_ = false;
    }

    // Drops what is there and all that comes.
    void close() {
        std::vector<Item> dropped; // destroyed outside the lock
        const std::lock_guard lock(mutex_);
        closed_ = true;
        items_.swap(dropped);
    }

private:
    std::mutex mutex_;
    std::vector<Item> items_;
    bool woken_ = false; // since the last take()
    bool closed_ = false;
};

} // namespace base
