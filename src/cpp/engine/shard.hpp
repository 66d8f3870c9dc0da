// One thread, one io_context, and every session, client, namespace and room it serves.
// What other threads may call is marked so; all else runs on the shard's own thread.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/mailbox.hpp"
#include "base/shared_count.hpp"
#include "base/task.hpp"
#include "engine/config.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace eio {
struct http_request;
class raw_server;
class server;
} // namespace eio
namespace net {
class asgi_door;
class descriptor;
struct moving_connection;
} // namespace net
namespace sio {
class server;
}

namespace engine {

class features;
class lending;
class shards;
struct notification;
struct outbox;

// What the shards of an engine count together.
struct totals {
    base::shared_count sessions = base::make_shared_count();
    base::shared_count connections = base::make_shared_count();
};

// What a task may use, on the shard's thread.
class shard_context {
public:
    virtual ~shard_context() = default;
    [[nodiscard]] virtual sio::server& sio() noexcept = 0;
    [[nodiscard]] virtual eio::server& eio() noexcept = 0;
    [[nodiscard]] virtual eio::raw_server& raw() noexcept = 0;
    [[nodiscard]] virtual net::asgi_door& asgi() noexcept = 0;
    [[nodiscard]] virtual features& modules() noexcept = 0;
    // Sessions that are lent to other shards, or by them.
    [[nodiscard]] virtual lending& lent() noexcept = 0;
    [[nodiscard]] virtual base::time_point now() const noexcept = 0;
    [[nodiscard]] virtual base::log_sink& logs() noexcept = 0;
    // All of the engine, and which of them this one is.
    [[nodiscard]] virtual shards& siblings() noexcept = 0;
    [[nodiscard]] virtual unsigned index() const noexcept = 0;
    // The application, in order with all else that this shard tells it.
    virtual void tell(notification&& told) = 0;
    // Throws std::system_error when the address cannot be had.
    [[nodiscard]] virtual std::pair<std::string, std::uint16_t>
    listen(const std::string& host, std::uint16_t port, const std::string& path) = 0;
    virtual void stop_listening() = 0;
    // See net::adopt; with an id the answer is reported as `adopted`.
    virtual void adopt(net::descriptor&& peer, eio::http_request&& handshake, std::uint64_t id) = 0;
    // Of all shards together.
    [[nodiscard]] virtual std::size_t connection_count() const noexcept = 0;
    // The shard that listened has stopped: so do connections that have moved here.
    virtual void close_waiting() = 0;
    // A connection from another shard.
    virtual void arrive(net::moving_connection&& arriving) = 0;
    // The application has drained a relay_check.
    virtual void relay_checked() = 0;
    // The answer to an origin_question; unknown ones are ignored.
    virtual void origin_judged(std::uint64_t question, bool allowed) = 0;

    // --- time, for tests: see engine::hold_time() ---
    virtual void hold_time() = 0;
    virtual void release_time() = 0;
    // Until the next deadline of a session; max() when there is none.
    [[nodiscard]] virtual base::clock::duration due_in() const noexcept = 0;
    // Held from here on, and moved: what is due by then is done.
    virtual void pass_time(base::clock::duration by) = 0;
    // This turn of the loop has something left to send, or to tell.
    [[nodiscard]] virtual bool turn_open() const noexcept = 0;
};

using shard_task = base::task<shard_context>;

// What may ride along in a burst, and what may not: somebody waits for it.
enum class urgency : std::uint8_t { in_burst, now };

// Of a burst. Quiet when the shard looks already, because it has told the application something.
enum class first_post : std::uint8_t { quiet, wakes };

class shard {
public:
    // Starts the thread. `counted` together with the others of `all`.
    shard(
        const config& options,
        std::shared_ptr<outbox> out,
        totals counted,
        unsigned index,
        shards& all);
    ~shard(); // stops without waiting for peers
    shard(const shard&) = delete;
    shard& operator=(const shard&) = delete;

    // Any thread. False when the shard has stopped; the task is destroyed unrun.
    bool post(shard_task&& task, urgency how = urgency::in_burst);
    // More than `inbox_bytes` wait to be done.
    [[nodiscard]] bool full() const noexcept { return inbox_->full(); }
    // Any thread but a shard's: until it is not full. A shard needs nothing of another thread to
    // get on, so that this ends.
    void wait_for_room();
    // Around many posts in a row: most of them leave the shard asleep, so that the two threads do
    // not take turns for each. It looks for itself every millisecond meanwhile, and while the
    // application has not taken what it was told: what has been posted is never held up by what
    // the application does next.
    void begin_burst(first_post first) noexcept;
    void end_burst();
    // Any thread but the shard's. Closes every session, gives its bytes `patience` to leave, ends.
    void begin_stop(std::chrono::milliseconds patience);
    void join();

private:
    class body;
    struct pace {
        std::atomic<bool> bursting = false; // see begin_burst()
        std::atomic<bool> looking = false;  // the shard will look for itself
    };

    // Of a burst's posts, one in so many wakes the shard.
    static constexpr unsigned posts_a_wake = 32;
    // What may wait to be done: some 100,000 small emits.
    static constexpr std::size_t inbox_bytes = 32 * 1024 * 1024;

    std::shared_ptr<base::mailbox<shard_task>> inbox_;
    pace pace_;
    std::atomic<unsigned> burst_posts_ = 0;
    std::unique_ptr<body> body_;
    std::thread thread_;
};

} // namespace engine
