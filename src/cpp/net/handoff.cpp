#include "net/handoff.hpp"

#include "net/http_connection.hpp"

#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace net {

void adopt(
    context& shared,
    int descriptor,
    const std::string& path,
    eio::http_request&& request,
    std::string&& already_read) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
    stream_socket socket(shared.loop);
    error_code error;
    socket.assign(
        address.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(),
        descriptor,
        error);
    if (error) {
        ::close(descriptor);
        return;
    }
    const auto door = std::make_shared<http_door>(http_door{.path = path});
    std::make_shared<http_connection>(shared, door, std::move(socket))
        ->start(std::move(request), std::move(already_read));
}

} // namespace net
