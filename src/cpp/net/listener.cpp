#include "net/listener.hpp"

#include "net/http_connection.hpp"
#include "net/socket.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <sys/socket.h>
#include <system_error>
#include <vector>

namespace net {

namespace {

using asio::ip::tcp;
using executor = asio::io_context::executor_type;

// After an accept has failed: for lack of descriptors, mostly, which others have to give back.
constexpr std::chrono::milliseconds back_off{100};

constexpr int accepts_a_turn = 16; // then those that have been accepted get theirs

descriptor accept_one(int acceptor, tcp::endpoint& remote, error_code& error) {
    auto size = static_cast<socklen_t>(remote.capacity());
#ifdef __linux__
    const int accepted = ::accept4(acceptor, remote.data(), &size, SOCK_CLOEXEC);
#else
    const int accepted = ::accept(acceptor, remote.data(), &size);
    if (accepted >= 0)
        ::fcntl(accepted, F_SETFD, FD_CLOEXEC);
#endif
    if (accepted < 0)
        error.assign(errno, boost::system::system_category());
    else
        remote.resize(size);
    return descriptor(accepted);
}

tcp::endpoint local_endpoint_of(int number) {
    tcp::endpoint local;
    auto size = static_cast<socklen_t>(local.capacity());
    if (::getsockname(number, local.data(), &size) == 0) // else its peer has gone again
        local.resize(size);
    return local;
}

} // namespace

// One address. Kept alive by the accept or the wait that is pending.
class listener::acceptor : public std::enable_shared_from_this<acceptor> {
public:
    acceptor(context& shared, std::shared_ptr<http_door> door)
        : context_(shared), door_(std::move(door)), acceptor_(shared.loop), timer_(shared.loop) {}

    [[nodiscard]] error_code open(const tcp::endpoint& at) {
        error_code error;
        acceptor_.open(at.protocol(), error);
        if (!error) // a child that the application starts must not keep the port
            ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
        if (!error)
            acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        // As asyncio does: an IPv4 address of the same port is bound by its own socket.
        if (!error && at.address().is_v6())
            acceptor_.set_option(asio::ip::v6_only(true), error);
        if (!error) // who is accepted inherits it
            acceptor_.set_option(tcp::no_delay(true), error);
        if (!error)
            acceptor_.bind(at, error);
        if (!error)
            acceptor_.listen(asio::socket_base::max_listen_connections, error);
        if (!error)
            acceptor_.non_blocking(true, error);
        if (!error)
            bound_ = acceptor_.local_endpoint(error);
        return error;
    }
    [[nodiscard]] const tcp::endpoint& local_endpoint() const noexcept { return bound_; }

    void accept() {
        acceptor_.async_wait(
            asio::socket_base::wait_read, [self = shared_from_this()](error_code error) {
                if (error != asio::error::operation_aborted)
                    self->on_acceptable();
            });
    }
    void stop() {
        error_code ignored;
        acceptor_.close(ignored);
        timer_.cancel();
    }

private:
    void on_acceptable() {
        for (int i = 0; i < accepts_a_turn && acceptor_.is_open(); ++i) {
            tcp::endpoint remote;
            error_code error;
            auto peer = accept_one(acceptor_.native_handle(), remote, error);
            if (would_block(error))
                break;
            if (!error)
                serve(std::move(peer), remote);
            else if (error != asio::error::connection_aborted) // its peer has gone already
                return pause();
        }
        if (acceptor_.is_open())
            accept();
    }

    void pause() {
        timer_.expires_after(back_off);
        timer_.async_wait([self = shared_from_this()](error_code) {
            if (self->acceptor_.is_open())
                self->accept();
        });
    }

    void serve(descriptor&& peer, const tcp::endpoint& remote) {
        try {
            const auto local =
                bound_.address().is_unspecified() ? local_endpoint_of(peer.get()) : bound_;
            std::make_shared<http_connection>(
                context_,
                door_,
                std::make_unique<socket>(context_.poller, std::move(peer)),
                base::counted(context_.connections))
                ->start(local, remote);
        } catch (const std::exception& failure) {
            context_.log.log(
                base::log_channel::engineio,
                base::log_level::error,
                std::string("a connection could not be served: ") + failure.what());
        }
    }

    context& context_;
    std::shared_ptr<http_door> door_;
    asio::basic_socket_acceptor<tcp, executor> acceptor_;
    tcp::endpoint bound_;
    asio::basic_waitable_timer<base::clock, asio::wait_traits<base::clock>, executor> timer_;
};

struct listener::body {
    context& shared;
    std::shared_ptr<http_door> door;
    std::vector<std::shared_ptr<acceptor>> acceptors;
};

listener::listener(
    context& shared, const std::string& host, std::uint16_t port, const std::string& path)
    : body_(std::make_unique<body>(body{.shared = shared, .door = {}, .acceptors = {}})) {
    body_->door = std::make_shared<http_door>(path);
    asio::ip::basic_resolver<tcp, executor> resolver(shared.loop);
    error_code error;
    const auto found = resolver.resolve(
        host, std::to_string(port), tcp::resolver::passive | tcp::resolver::numeric_service, error);
    for (const auto& entry : found) {
        auto at = entry.endpoint();
        if (port == 0 && !body_->acceptors.empty()) // one port for all addresses
            at.port(body_->acceptors.front()->local_endpoint().port());
        auto opened = std::make_shared<acceptor>(shared, body_->door);
        // A machine may lack one of the two families: enough that one address works.
        if (const auto failed = opened->open(at))
            error = failed;
        else
            body_->acceptors.push_back(std::move(opened));
    }
    if (body_->acceptors.empty())
        throw std::system_error(
            std::error_code(error), "cannot listen on " + host + ":" + std::to_string(port));
    for (const auto& each : body_->acceptors)
        each->accept();
}

listener::~listener() {
    stop();
}

std::pair<std::string, std::uint16_t> listener::local_endpoint() const {
    const auto at = body_->acceptors.front()->local_endpoint();
    return {at.address().to_string(), at.port()};
}

void listener::stop() {
    for (const auto& each : body_->acceptors)
        each->stop();
    body_->door->closing = true;
    close_waiting(body_->shared);
}

} // namespace net
