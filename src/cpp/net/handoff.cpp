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

void require_stream_socket(const descriptor& peer) {
    int type = 0;
    socklen_t size = sizeof(type);
    if (::getsockopt(peer.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0)
        throw std::system_error(errno, std::generic_category());
    if (type != SOCK_STREAM)
        throw std::system_error(std::make_error_code(std::errc::wrong_protocol_type));
}

std::shared_ptr<http_connection> connection(
    context& shared, descriptor&& peer, base::counted&& place, std::shared_ptr<http_door> door) {
    return std::make_shared<http_connection>(
        shared,
        std::move(door),
        std::make_unique<socket>(shared.poller, std::move(peer)),
        std::move(place));
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
        require_stream_socket(peer);
        opened = connection(
            shared,
            std::move(peer),
            base::counted(shared.connections),
            std::make_shared<http_door>("", eio::door::handoff));
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
        opened = connection(
            shared, std::move(arriving.peer), std::move(arriving.place), std::move(arriving.door));
    } catch (const std::exception& failure) {
        return log_failure(shared, failure);
    }
    opened->go_on(std::move(arriving.parser), std::move(arriving.input));
}

} // namespace net
