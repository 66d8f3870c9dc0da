// A connected stream socket of one shard. Never blocks. Belongs to the shard's thread.
#pragma once

#include "net/descriptor.hpp"
#include "net/output_queue.hpp"
#include "net/poller.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace net {

namespace asio = boost::asio;
using boost::system::error_code;

[[nodiscard]] inline bool would_block(error_code error) noexcept {
    return error == asio::error::would_block || error == asio::error::try_again;
}

// Who waits for a socket. Kept alive by it meanwhile.
class socket_user {
public:
    virtual ~socket_user() = default;
    virtual void on_readable() noexcept = 0;
    virtual void on_writable() noexcept = 0;
};

class socket final : private polled {
public:
    // Throws std::system_error when the socket cannot be polled; it is closed then.
    socket(poller& from, descriptor&& peer);
    ~socket();
    socket(const socket&) = delete;
    socket& operator=(const socket&) = delete;

    // One call of on_readable() or on_writable(), never from here.
    void await_readable(std::shared_ptr<socket_user> user);
    void await_writable(std::shared_ptr<socket_user> user);

    // What has arrived, up to the size of `into`. An orderly end is error::eof.
    [[nodiscard]] std::size_t receive(std::span<char> into, error_code& error) noexcept;
    // Sends from the front of `queue` until it is empty or the socket takes no more. The error is
    // never one of would_block(). `closes` tells that the socket is closed as soon as all is sent:
    // the last bytes then share a segment with the end.
    [[nodiscard]] error_code send(output_queue& queue, bool closes = false) noexcept;
    void no_delay() noexcept; // nothing on a Unix socket, which has none
    // No more is sent.
    void end_sending() noexcept;

    // Gives back who has waited: nobody else may keep it alive, and it may be the caller.
    std::shared_ptr<socket_user> close() noexcept;
    // Gives the connection away. What is left is to be closed.
    [[nodiscard]] descriptor release() noexcept;

private:
    [[nodiscard]] int number() const noexcept { return peer_.get(); }
    void on_ready(readiness now) noexcept override;
    void on_poller_end() noexcept override { close(); }

    poller& poller_;
    descriptor peer_;
    std::shared_ptr<socket_user> user_; // null when nothing is awaited
    bool read_awaited_ = false;
    bool write_awaited_ = false;
    bool can_read_ = false; // reported, and not read to the end since
    bool ended_ = false;    // reported: a short read is not all
};

} // namespace net
