#include "load/client.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace load {
namespace {

constexpr std::array<char, 4> mask{0x37, 0x1c, 0x52, 0x6d}; // a client must mask; any key will do
constexpr std::size_t read_size = 64 * 1024;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

int connect_to(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        fail("socket");
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        ::fcntl(descriptor, F_SETFL, O_NONBLOCK) < 0) {
        const int error = errno;
        ::close(descriptor);
        errno = error;
        fail("connect");
    }
    return descriptor;
}

} // namespace

client::client(std::size_t index, const target& server)
    : index_(index), descriptor_(connect_to(server.port)) {
    out_ = "GET " + server.path +
           "?EIO=4&transport=websocket HTTP/1.1\r\n"
           "Host: 127.0.0.1:" +
           std::to_string(server.port) +
           "\r\n"
           "Connection: Upgrade\r\n"
           "Upgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: bG9hZCBnZW5lcmF0b3IhIQ==\r\n\r\n";
}

client::~client() {
    ::close(descriptor_);
}

void client::queue(std::string_view packet) {
    constexpr char text_frame = '\x81';
    constexpr int masked = 0x80;
    out_ += text_frame;
    if (packet.size() < 126) {
        out_ += static_cast<char>(masked | static_cast<int>(packet.size()));
    } else { // the scenarios stay below 64 KiB
        out_ += static_cast<char>(masked | 126);
        out_ += static_cast<char>(packet.size() >> 8);
        out_ += static_cast<char>(packet.size() & 0xff);
    }
    out_.append(mask.data(), mask.size());
    for (std::size_t i = 0; i < packet.size(); ++i) {
        out_ += static_cast<char>(packet[i] ^ mask[i % mask.size()]);
    }
}

void client::flush() {
    while (wants_to_write()) {
        const auto sent =
            ::send(descriptor_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN) {
                return;
            }
            fail("send");
        }
        written_ += static_cast<std::size_t>(sent);
    }
    out_.clear();
    written_ = 0;
}

void client::receive(const packet_handler& on_packet) {
    static std::array<char, read_size> buffer; // one thread, and nothing is kept in it
    const auto got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got < 0) {
        if (errno == EAGAIN) {
            return;
        }
        fail("recv");
    }
    if (got == 0) {
        throw std::runtime_error("the server closed a connection");
    }
    std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    const bool joined = !in_.empty();
    if (joined) {
        in_ += bytes;
        bytes = in_;
    }
    std::size_t used = 0;
    for (std::size_t taken = 1; taken != 0; used += taken) {
        const auto rest = bytes.substr(used);
        taken = stage_ == stage::upgrading ? take_handshake(rest) : take_frame(rest, on_packet);
    }
    if (joined) {
        in_.erase(0, used);
    } else {
        in_.assign(bytes.substr(used));
    }
}

// Both takers return how many bytes they used: 0 when what is there is incomplete.
std::size_t client::take_handshake(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        return 0;
    }
    if (!bytes.starts_with("HTTP/1.1 101")) {
        throw std::runtime_error("the server refused: " + std::string(bytes.substr(0, end)));
    }
    stage_ = stage::opening;
    return end + 4;
}

std::size_t client::take_frame(std::string_view bytes, const packet_handler& on_packet) {
    constexpr int text = 1;
    constexpr int close = 8;
    const auto byte = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    if (bytes.size() < 2) {
        return 0;
    }
    std::size_t header = 2;
    std::size_t size = byte(1) & 0x7f;
    if (size == 126) {
        header = 4;
        if (bytes.size() < header) {
            return 0;
        }
        size = static_cast<std::size_t>(byte(2)) << 8 | byte(3);
    } else if (size == 127) {
        throw std::runtime_error("a frame of more than 64 KiB: no scenario asks for one");
    }
    if (bytes.size() < header + size) {
        return 0;
    }
    const int opcode = byte(0) & 0x0f;
    if (opcode == close) {
        throw std::runtime_error("the server sent a close frame");
    }
    if (opcode == text) {
        on_text(bytes.substr(header, size), on_packet);
    }
    return header + size;
}

void client::on_text(std::string_view packet, const packet_handler& on_packet) {
    if (packet.starts_with('2')) {
        queue("3"); // ping, pong
    } else if (packet.starts_with('0')) {
        queue("40"); // open: connect to the default namespace
    } else if (packet.starts_with("40")) {
        stage_ = stage::connected;
    } else if (packet.starts_with("4")) {
        on_packet(*this, packet.substr(1));
    } else {
        throw std::runtime_error("unexpected packet: " + std::string(packet));
    }
}

} // namespace load
