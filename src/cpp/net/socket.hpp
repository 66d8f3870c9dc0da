// The socket type of this layer, and what is done with one in more than one place.
#pragma once

#include "net/output_queue.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <span>

namespace net {

namespace asio = boost::asio;
using boost::system::error_code;

// Bound to the shard's loop by type: no executor is erased, nothing is allocated for one.
using stream_socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

[[nodiscard]] inline bool would_block(error_code error) noexcept {
    return error == asio::error::would_block || error == asio::error::try_again ||
           error == asio::error::interrupted;
}

// Blocking is refused call by call where the system can do that, which saves the two calls that
// would set it for a socket. Elsewhere it is set here.
void never_block(stream_socket& socket) noexcept;

// What has arrived, up to the size of `into`. An orderly end is error::eof.
[[nodiscard]] std::size_t
receive_some(stream_socket& socket, std::span<char> into, error_code& error) noexcept;

// Sends from the front of `queue` until it is empty or the socket takes no more. The error is
// never one of would_block(). `closes` tells that the socket is closed as soon as all is sent: the
// last bytes then share a segment with the end.
[[nodiscard]] error_code
send_some(stream_socket& socket, output_queue& queue, bool closes = false) noexcept;

} // namespace net
