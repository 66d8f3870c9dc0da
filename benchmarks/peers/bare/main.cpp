// bare_server PORT: what an epoll loop alone can do, as the limit that others are compared with. It
// knows just enough WebSocket and Socket.IO for the benchmark's clients, checks nothing, parses no
// JSON, and sends each socket once a turn however many messages are pending.
#include "peers/bare/connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace bare {
namespace {

constexpr int backlog = 1024;
constexpr auto tick = std::chrono::milliseconds(20);

void check(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
}

class server {
public:
    explicit server(std::uint16_t port)
        : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
          epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        const int on = 1;
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        check(
            ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
        check(::listen(listener_, backlog), "listen");
        epoll_event event{EPOLLIN, {.ptr = nullptr}};
        check(::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event), "epoll_ctl");
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 256> events;
        for (;;) {
            const int timeout = all_.streaming() ? 1 : -1;
            const int count =
                ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout);
            for (int i = 0; i < count; ++i) {
                const auto& event = events[static_cast<std::size_t>(i)];
                if (event.data.ptr == nullptr) {
                    accept_all();
                } else {
                    serve(*static_cast<connection*>(event.data.ptr), event.events);
                }
            }
            if (all_.streaming()) {
                produce();
            }
            all_.flush();
            for (auto* one : gone_) {
                all_.forget(*one);
            }
            gone_.clear();
        }
    }

private:
    void accept_all() {
        const int on = 1;
        int descriptor;
        while ((descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
            ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            auto& one = all_.add(descriptor, epoll_);
            epoll_event event{EPOLLIN | EPOLLRDHUP, {.ptr = &one}};
            check(::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
        }
    }

    void serve(connection& one, std::uint32_t events) {
        if ((events & EPOLLOUT) != 0) {
            one.flush();
        }
        if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && !one.receive(all_)) {
            gone_.push_back(&one);
        }
    }

    void produce() {
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_tick_) {
            next_tick_ = std::max(next_tick_ + tick, now - 10 * tick);
            all_.stream(now);
        }
    }

    int listener_;
    int epoll_;
    crowd all_;
    std::vector<connection*> gone_;
    std::chrono::steady_clock::time_point next_tick_;
};

} // namespace
} // namespace bare

int main(int count, char** arguments) {
    try {
        if (count != 2) {
            throw std::invalid_argument("usage: bare_server PORT");
        }
        bare::server(static_cast<std::uint16_t>(std::atoi(arguments[1]))).run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bare_server: %s\n", error.what());
        return 1;
    }
}
