#include "peers/bare/connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bare {
namespace {

constexpr std::size_t read_size = 256 * 1024;
constexpr unsigned text = 1, close_frame = 8, ping = 9, pong = 10;

// The generator always sends the same key, so its answer is always the same.
constexpr std::string_view upgraded =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: 47OdoK6WbtNymBd5ZUAkqY8/YAk=\r\n\r\n";

std::string frame_of(unsigned type, std::string_view payload) {
    std::string frame(1, static_cast<char>(0x80 | type));
    if (payload.size() < 126) {
        frame += static_cast<char>(payload.size());
    } else {
        frame += static_cast<char>(126);
        frame += static_cast<char>(payload.size() >> 8);
        frame += static_cast<char>(payload.size() & 0xff);
    }
    frame += payload;
    return frame;
}

void unmask(char* payload, std::size_t size, const char* mask) {
    std::array<char, 8> wide;
    std::memcpy(wide.data(), mask, 4);
    std::memcpy(wide.data() + 4, mask, 4);
    std::uint64_t key;
    std::memcpy(&key, wide.data(), sizeof key);
    std::size_t i = 0;
    for (; i + sizeof key <= size; i += sizeof key) {
        std::uint64_t word;
        std::memcpy(&word, payload + i, sizeof word);
        word ^= key;
        std::memcpy(payload + i, &word, sizeof word);
    }
    for (; i < size; ++i) {
        payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    }
}

} // namespace

connection::~connection() {
    ::close(descriptor_);
}

bool connection::receive(crowd& all) {
    static std::array<char, read_size> buffer;
    const auto old = in_.size(); // an incomplete frame, still masked
    std::memcpy(buffer.data(), in_.data(), old);
    const auto got = ::recv(descriptor_, buffer.data() + old, buffer.size() - old, 0);
    if (got <= 0) {
        return got < 0 && errno == EAGAIN;
    }
    const auto size = old + static_cast<std::size_t>(got);
    char* const bytes = buffer.data();
    std::size_t used = 0;
    if (!open_ && !take_handshake(all, {bytes, size}, used)) {
        in_.assign(bytes, size);
        return true;
    }
    for (;;) {
        std::size_t header = 6;
        if (size - used < header) {
            break;
        }
        std::size_t length = static_cast<unsigned char>(bytes[used + 1]) & 0x7f;
        if (length == 126) {
            header += 2;
            length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[used + 2])) << 8 |
                     static_cast<unsigned char>(bytes[used + 3]);
        }
        if (size - used < header + length) {
            break;
        }
        char* const payload = bytes + used + header;
        unmask(payload, length, payload - 4);
        if (!on_frame(all, static_cast<unsigned char>(bytes[used]) & 0x0f, {payload, length})) {
            return false;
        }
        used += header + length;
    }
    in_.assign(bytes + used, size - used);
    return true;
}

bool connection::take_handshake(crowd& all, std::string_view bytes, std::size_t& used) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        return false;
    }
    used = end + 4;
    open_ = true;
    queue(all, upgraded);
    queue(
        all,
        frame_of(
            text,
            R"(0{"sid":"bare","upgrades":[],"pingInterval":25000,"pingTimeout":20000,)"
            R"("maxPayload":1000000})"));
    return true;
}

bool connection::on_frame(crowd& all, unsigned type, std::string_view payload) {
    if (type == text && payload.starts_with("42")) {
        on_event(all, payload.substr(2));
    } else if (type == text && payload == "40") {
        queue(all, frame_of(text, R"(40{"sid":"bare"})"));
    } else if (type == ping) {
        queue(all, frame_of(pong, payload));
    } else if (type == close_frame) {
        queue(all, frame_of(close_frame, payload));
        flush();
        return false;
    }
    return true;
}

// `<ack id>["name",arguments…]`
void connection::on_event(crowd& all, std::string_view packet) {
    constexpr std::string_view echo = R"(["echo",)";
    const auto array = packet.find('[');
    if (array == std::string_view::npos) {
        return;
    }
    const auto id = packet.substr(0, array);
    const auto event = packet.substr(array);
    const auto answer = [&](std::string_view arguments) {
        static std::string packet_;
        packet_ = "43";
        packet_ += id;
        packet_ += '[';
        packet_ += arguments;
        queue(all, frame_of(text, packet_));
    };
    const auto news = [&] {
        return frame_of(text, R"(42["news")" + std::string(event.substr(event.find(','))));
    };
    if (event.starts_with(echo)) {
        answer(event.substr(echo.size()));
    } else if (event.starts_with(R"(["one",)")) {
        queue(all, news());
    } else if (event.starts_with(R"(["spread",)")) {
        all.spread(news());
    } else if (event.starts_with(R"(["join")")) {
        joined_ = true;
        answer("]");
    } else if (event.starts_with(R"(["population")")) {
        answer(std::to_string(all.size()) + "]");
    } else if (event.starts_with(R"(["tick",)")) {
        all.stream_for(std::chrono::seconds(std::atoi(event.data() + event.find(',') + 1)));
    }
}

void connection::queue(crowd& all, std::string_view frame) {
    if (!dirty_) {
        dirty_ = true;
        all.mark_dirty(*this);
    }
    out_ += frame;
}

void connection::flush() {
    dirty_ = false;
    while (!out_.empty()) {
        const auto sent = ::send(descriptor_, out_.data(), out_.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN) {
                out_.clear(); // epoll tells of the end
            }
            break;
        }
        out_.erase(0, static_cast<std::size_t>(sent));
    }
    if (writing_ == out_.empty()) {
        writing_ = !out_.empty();
        const std::uint32_t events = EPOLLIN | EPOLLRDHUP;
        epoll_event event{writing_ ? events | EPOLLOUT : events, {.ptr = this}};
        ::epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor_, &event);
    }
}

connection& crowd::add(int descriptor, int epoll) {
    return *all_.emplace_back(std::make_unique<connection>(descriptor, epoll, all_.size()));
}

void crowd::forget(connection& one) {
    std::erase(dirty_, &one);
    const auto index = one.index_;
    std::swap(all_[index], all_.back());
    all_[index]->index_ = index;
    all_.pop_back();
}

void crowd::flush() {
    for (auto* one : dirty_) {
        if (one->dirty_) {
            one->flush();
        }
    }
    dirty_.clear();
}

void crowd::spread(std::string_view frame) {
    for (const auto& one : all_) {
        if (one->joined_) {
            one->queue(*this, frame);
        }
    }
}

void crowd::stream_for(std::chrono::seconds time) {
    until_ = std::chrono::steady_clock::now() + time;
}

void crowd::stream(std::chrono::steady_clock::time_point now) {
    spread(frame_of(text, R"(42["delta",{"text":"token "}])"));
    if (now >= until_) {
        until_ = {};
    }
}

} // namespace bare
