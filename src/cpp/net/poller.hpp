// Tells sockets when they can be read or written: one wait of the shard's loop for all of them, and
// no system call for each. Belongs to the shard's thread.
#pragma once

#include <boost/intrusive/list_hook.hpp>

#include <memory>

namespace boost::asio {
class io_context;
}

namespace net {

struct readiness {
    bool readable = false;
    bool writable = false;
    bool ended = false; // the peer's end or a failure has come, perhaps behind bytes
};

// One that is polled.
class polled : public boost::intrusive::list_base_hook<
                   boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual void on_ready(readiness now) noexcept = 0;
    // The poller ends: nothing is reported any more.
    virtual void on_poller_end() noexcept = 0;

protected:
    ~polled() = default;
};

class poller {
public:
    explicit poller(boost::asio::io_context& loop);
    ~poller();
    poller(const poller&) = delete;
    poller& operator=(const poller&) = delete;

    // From now on `which` may hear of its socket `number`. Throws std::system_error.
    void add(polled& which, int number);
    // Before the socket is closed: another process or thread may still have it open.
    void remove(polled& which, int number) noexcept;

    // Reported are changes, once each: what `which` has heard and not used up, it has to remember.
    // These two are for when a read or a write would have blocked, and for the start.
    void await_readable(polled& which, int number);
    void await_writable(polled& which, int number);
    // Reports `which` as readable once more, behind all that the loop has ready.
    void call_again(polled& which);

private:
    class body;
    std::shared_ptr<body> body_;
};

} // namespace net
