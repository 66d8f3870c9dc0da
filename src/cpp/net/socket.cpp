#include "net/socket.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace net {

namespace {

// Blocking is refused call by call where the system can do that, which saves the two calls that
// would set it for a socket.
#ifdef __linux__
constexpr bool blocks_by_call = true;
constexpr int receive_flags = MSG_DONTWAIT;
constexpr int send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
constexpr int more_follows = MSG_MORE;
#else
constexpr bool blocks_by_call = false;
constexpr int receive_flags = 0;
constexpr int send_flags = 0; // SIGPIPE is blocked on a shard's thread
constexpr int more_follows = 0;
#endif

error_code last_error() noexcept {
    return {errno, boost::system::system_category()};
}

// A call that a signal has cut short has told nothing.
template <class Call>
ssize_t uninterrupted(Call call) noexcept {
    ssize_t result;
    do
        result = call();
    while (result < 0 && errno == EINTR);
    return result;
}

} // namespace

socket::socket(poller& from, descriptor&& peer) : poller_(from), peer_(std::move(peer)) {
    if (!blocks_by_call)
        ::fcntl(number(), F_SETFL, ::fcntl(number(), F_GETFL) | O_NONBLOCK);
    poller_.add(*this, number());
}

socket::~socket() {
    close();
}

void socket::await_readable(std::shared_ptr<socket_user> user) {
    user_ = std::move(user);
    read_awaited_ = true;
    if (can_read_)
        poller_.call_again(*this);
    else
        poller_.await_readable(*this, number());
}

void socket::await_writable(std::shared_ptr<socket_user> user) {
    user_ = std::move(user);
    write_awaited_ = true;
    poller_.await_writable(*this, number());
}

void socket::on_ready(readiness now) noexcept {
    can_read_ |= now.readable;
    ended_ |= now.ended;
    const bool writes = now.writable && std::exchange(write_awaited_, false);
    const bool reads = can_read_ && std::exchange(read_awaited_, false);
    if (!writes && !reads)
        return;
    // The user may close this socket, or give it away: nothing is touched behind the calls.
    const auto user = read_awaited_ || write_awaited_ ? user_ : std::move(user_);
    if (writes)
        user->on_writable();
    if (reads)
        user->on_readable();
}

std::size_t socket::receive(std::span<char> into, error_code& error) noexcept {
    const auto size =
        uninterrupted([&] { return ::recv(number(), into.data(), into.size(), receive_flags); });
    error = size > 0 ? error_code() : size == 0 ? error_code(asio::error::eof) : last_error();
    const auto received = size > 0 ? static_cast<std::size_t>(size) : 0;
    if (error || (received < into.size() && !ended_))
        can_read_ = false;
    return received;
}

error_code socket::send(output_queue& queue, bool closes) noexcept {
    const int flags = send_flags | (closes ? more_follows : 0);
    std::array<std::string_view, 64> views;
    std::array<iovec, views.size()> pieces;
    while (!queue.empty()) {
        const auto count = queue.peek(views);
        std::size_t offered = 0;
        for (std::size_t i = 0; i < count; ++i) {
            pieces[i] = {const_cast<char*>(views[i].data()), views[i].size()};
            offered += views[i].size();
        }
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(count);
        // One piece is the rule, and has a cheaper call.
        const auto sent = uninterrupted([&] {
            return count == 1 ? ::send(number(), views[0].data(), offered, flags)
                              : ::sendmsg(number(), &message, flags);
        });
        if (sent < 0) {
            const auto error = last_error();
            return would_block(error) ? error_code() : error;
        }
        queue.consume(static_cast<std::size_t>(sent));
        if (static_cast<std::size_t>(sent) < offered)
            return {}; // it takes no more
    }
    return {};
}

void socket::no_delay() noexcept {
    const int on = 1;
    ::setsockopt(number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void socket::end_sending() noexcept {
    ::shutdown(number(), SHUT_WR);
}

std::shared_ptr<socket_user> socket::close() noexcept {
    if (number() >= 0)
        static_cast<void>(release());
    return std::exchange(user_, nullptr);
}

descriptor socket::release() noexcept {
    poller_.remove(*this, number());
    read_awaited_ = write_awaited_ = false;
    return std::move(peer_);
}

} // namespace net
