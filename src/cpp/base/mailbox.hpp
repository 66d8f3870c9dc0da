// Many writers, one reader, one wake-up: the only door between threads, and the only lock.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

namespace base {

// Items are values that own their bytes. The queue is swapped out under the lock and used
// outside it. To a shard: what the application asks, bounded by what it weighs: whoever has posted
// waits at the bound. From a shard: what its sessions may have under way, each 1,000 unhandled
// events, 32 namespaces, a send window.
enum class post_result : std::uint8_t {
    first,  // nobody has woken the reader since it took what there was: whoever gets this does
    queued, // the reader will look
    closed, // dropped: the reader is gone
};

template <class Item>
class mailbox {
public:
    // Of the weights of items that have one, a member `weight()` in bytes.
    explicit mailbox(std::size_t bound = std::numeric_limits<std::size_t>::max()) : bound_(bound) {}

    post_result post(Item item) {
        const std::lock_guard lock(mutex_);
        if (closed_)
            return post_result::closed;
        add(std::move(item));
        return std::exchange(woken_, true) ? post_result::queued : post_result::first;
    }

    // Leaves the reader asleep: wanted() is to be asked when there is more. False: closed.
    bool post_quietly(Item item) {
        const std::lock_guard lock(mutex_);
        if (!closed_)
            add(std::move(item));
        return !closed_;
    }

    // More than the bound waits or is being worked on.
    [[nodiscard]] bool full() const noexcept { return full_.load(std::memory_order_relaxed); }
    // For a writer, behind its post, so that the heaviest item may enter an empty box. Ends when
    // the reader has done enough, or when the box is closed.
    void wait_for_room() {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] { return closed_ || !full(); });
    }
    // The reader has finished with so much of what it took.
    void done(std::size_t weight) {
        {
            const std::lock_guard lock(mutex_);
            weight_ -= weight;
            if (weight_ > bound_ || !full_.exchange(false, std::memory_order_relaxed))
                return;
        }
        room_.notify_all();
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
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
            items_.swap(dropped);
        }
        room_.notify_all();
    }

private:
    void add(Item&& item) {
        if constexpr (requires { item.weight(); }) {
            weight_ += item.weight();
            if (weight_ > bound_)
                full_.store(true, std::memory_order_relaxed);
        }
        items_.push_back(std::move(item));
    }

    const std::size_t bound_;
    std::mutex mutex_;
    std::condition_variable room_;
    std::size_t weight_ = 0; // of the items, and of those taken that are not done
    std::atomic<bool> full_ = false;
    std::vector<Item> items_;
    bool woken_ = false; // since the last take()
    bool closed_ = false;
};

} // namespace base
