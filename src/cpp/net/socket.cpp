#include "net/socket.hpp"

#include <array>
#include <cerrno>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>

namespace net {

namespace {

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

} // namespace

void never_block(stream_socket& socket) noexcept {
    error_code ignored;
    if (!blocks_by_call)
        socket.non_blocking(true, ignored);
}

std::size_t receive_some(stream_socket& socket, std::span<char> into, error_code& error) noexcept {
    const auto size = ::recv(socket.native_handle(), into.data(), into.size(), receive_flags);
    error = size > 0 ? error_code() : size == 0 ? error_code(asio::error::eof) : last_error();
    return size > 0 ? static_cast<std::size_t>(size) : 0;
}

error_code send_some(stream_socket& socket, output_queue& queue, bool closes) noexcept {
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
        const auto sent = count == 1
                              ? ::send(socket.native_handle(), views[0].data(), offered, flags)
                              : ::sendmsg(socket.native_handle(), &message, flags);
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

} // namespace net
