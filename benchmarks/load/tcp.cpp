#include "load/tcp.hpp"

#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace load {
namespace {

constexpr std::size_t read_size = 256 * 1024;
constexpr std::uint32_t first_source = 0x7f000002; // 127.0.0.2
constexpr std::uint32_t sources = 64;              // some 28,000 ports each

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in address_of(std::uint32_t host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(host);
    return address;
}

void set(int descriptor, int level, int option) {
    const int on = 1;
    if (::setsockopt(descriptor, level, option, &on, sizeof on) < 0) {
        fail("setsockopt");
    }
}

int begin_connection(std::uint16_t port) {
    static std::uint32_t turn = 0;
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        fail("socket");
    }
    try {
        set(descriptor, IPPROTO_TCP, TCP_NODELAY);
        // The port is chosen when the whole pair of addresses is known: any free pair will do.
        set(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
        const auto from = address_of(first_source + turn++ % sources, 0);
        const auto to = address_of(INADDR_LOOPBACK, port);
        if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&from), sizeof from) < 0) {
            fail("bind");
        }
        if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0 &&
            errno != EINPROGRESS) {
            fail("connect");
        }
    } catch (...) {
        ::close(descriptor);
        throw;
    }
    return descriptor;
}

} // namespace

tcp::tcp(loop& on, const target& server) : loop_(on), descriptor_(begin_connection(server.port)) {
    loop_.add(*this, descriptor_, EPOLLIN);
}

tcp::~tcp() {
    close();
}

void tcp::close() {
    if (is_open()) {
        loop_.remove(*this);
        ::close(descriptor_);
        descriptor_ = -1;
    }
}

void tcp::on_ready(std::uint32_t events) {
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        receive();
    }
    if (is_open() && writing_ && (events & EPOLLOUT) != 0) {
        flush();
    }
}

// One recv for each readiness: a full buffer leaves the rest for the next turn.
void tcp::receive() {
    static std::array<char, read_size> buffer; // one thread, and nothing is kept in it
    const auto got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            end();
        }
        return;
    }
    std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    if (in_.empty()) {
        bytes.remove_prefix(on_bytes(bytes));
        in_.assign(bytes);
    } else {
        in_ += bytes;
        in_.erase(0, on_bytes(in_));
    }
}

void tcp::flush() {
    while (is_open() && written_ < out_.size()) {
        const auto sent =
            ::send(descriptor_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN || errno == ENOTCONN) {
                watch(true);
            } else {
                end();
            }
            return;
        }
        written_ += static_cast<std::size_t>(sent);
    }
    out_.clear();
    written_ = 0;
    watch(false);
}

void tcp::watch(bool writing) {
    if (is_open() && writing != writing_) {
        writing_ = writing;
        loop_.change(*this, descriptor_, writing ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
}

void tcp::end() {
    close();
    on_end();
}

} // namespace load
