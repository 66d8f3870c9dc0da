#include "net/handoff.hpp"

#include <cerrno>
#include <exception>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace net {

namespace {

// A Unix socket, of a proxy on this machine, goes as IPv4: nothing asks for its addresses.
asio::ip::tcp protocol_of(int number) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    if (::getsockname(number, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::system_error(errno, std::generic_category());
    return address.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
}

std::shared_ptr<http_connection>
connection(context& shared, descriptor&& peer, std::shared_ptr<http_door> door) {
    stream_socket socket(shared.loop);
    error_code error;
    socket.assign(protocol_of(peer.get()), peer.get(), error);
    if (error)
        throw std::system_error(std::error_code(error));
    (void)peer.release();
    return std::make_shared<http_connection>(shared, std::move(door), std::move(socket));
}

void log_failure(context& shared, const std::exception& failure) {
    shared.log.log(
        base::log_channel::engineio,
        base::log_level::error,
        std::string("closing a connection that was handed over: ") + failure.what());
}

} // namespace

void adopt(
    context& shared,
    descriptor&& peer,
    eio::http_request&& handshake,
    handshake_answered&& answered) {
    std::shared_ptr<http_connection> opened;
    try {
        opened = connection(
            shared, std::move(peer), std::make_shared<http_door>("", eio::door::handoff));
    } catch (const std::exception& failure) {
        log_failure(shared, failure);
        if (answered)
            answered(std::nullopt, 0);
        return;
    }
    opened->start(std::move(handshake), std::move(answered));
}

void arrive(context& shared, moving_connection&& arriving) {
    std::shared_ptr<http_connection> opened;
    try {
        opened = connection(shared, std::move(arriving.peer), std::move(arriving.door));
    } catch (const std::exception& failure) {
        return log_failure(shared, failure);
    }
    opened->go_on(std::move(arriving.parser), std::move(arriving.input));
}

} // namespace net
