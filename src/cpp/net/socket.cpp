#include "net/socket.hpp"

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace net {

error_code send_some(stream_socket& socket, output_queue& queue) {
    constexpr std::size_t most = 64; // as many as Asio gives to one sendmsg
    std::array<std::string_view, most> views;
    std::array<asio::const_buffer, most> buffers;
    while (!queue.empty()) {
        const auto count = queue.peek(views);
        std::size_t offered = 0;
        for (std::size_t i = 0; i < count; ++i) {
            buffers[i] = asio::const_buffer(views[i].data(), views[i].size());
            offered += views[i].size();
        }
        error_code error;
        const auto sent =
            count == 1 ? socket.write_some(buffers[0], error)
                       : socket.write_some(
                             std::span<const asio::const_buffer>(buffers.data(), count), error);
        queue.consume(sent);
        if (would_block(error))
            return {};
        if (error || sent < offered)
            return error;
    }
    return {};
}

} // namespace net
