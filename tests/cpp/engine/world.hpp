// An engine of several threads, an application that hears what it tells, and clients that are bare
// blocking sockets. A wait ends after five seconds, and fails the test.
#pragma once

#include "base/sid.hpp"
#include "engine/engine.hpp"
#include "engine/notification.hpp"
#include "loopback.hpp"
#include "net/frames.hpp"

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <chrono>
#include <cstdint>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>
#include <variant>
#include <vector>

namespace fake {

using namespace std::chrono_literals;

inline constexpr unsigned threads = 3;

struct application {
    explicit application(engine::config options = {}) : in(with_threads(options)) {
        in.start();
        sio::interest wanted;
        wanted.namespaces = {"/", "/other"};
        wanted.handlers["/"].insert("message");
        in.set_interest(std::move(wanted));
        port = in.listen("127.0.0.1", 0, "/socket.io/").second;
    }
    static engine::config with_threads(engine::config options) {
        options.threads = threads;
        return options;
    }

    void drain() {
        std::vector<engine::notification> taken;
        in.drain(taken);
        for (auto& each : taken) {
            if (const auto* left = std::get_if<sio::disconnect_event>(&each))
                in.disconnect_done(left->sid.str(), left->nsp); // its handler has ended
            told.push_back(std::move(each));
        }
    }
    // The first that it is told and has not taken yet.
    template <class Event>
    Event next() {
        const auto give_up = std::chrono::steady_clock::now() + 5s;
        for (;;) {
            for (auto each = told.begin(); each != told.end(); ++each) {
                if (!std::holds_alternative<Event>(*each))
                    continue;
                auto found = std::get<Event>(std::move(*each));
                told.erase(each);
                return found;
            }
            BOOST_REQUIRE(std::chrono::steady_clock::now() < give_up);
            pollfd wake{in.wake_descriptor(), POLLIN, 0};
            ::poll(&wake, 1, 100);
            drain();
        }
    }
    template <class Event>
    std::size_t count() {
        in.catch_up();
        drain();
        return static_cast<std::size_t>(std::ranges::count_if(
            told, [](const auto& each) { return std::holds_alternative<Event>(each); }));
    }

    void emit(
        std::optional<std::vector<std::string>> rooms,
        const std::string& event,
        std::vector<std::string> skip = {},
        sio::ack_token token = 0) {
        in.emit("/", {std::move(rooms), std::move(skip)}, {"[\"" + event + "\"]", {}}, token);
    }

    engine::engine in;
    std::uint16_t port = 0;
    std::vector<engine::notification> told;
};

// One TCP connection.
class peer {
public:
    explicit peer(std::uint16_t port) : descriptor_(connected_to(port)) {
        const timeval limit{5, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    }
    struct connected {
        int descriptor;
    };
    explicit peer(connected end) : descriptor_(end.descriptor) {}
    ~peer() { close(); }
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;

    void close() {
        if (descriptor_ >= 0)
            ::close(std::exchange(descriptor_, -1));
    }
    void send(std::string_view bytes) {
        BOOST_REQUIRE(
            ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
    }
    std::string receive(std::size_t size) {
        while (received_.size() < size)
            BOOST_REQUIRE(receive_some());
        auto taken = received_.substr(0, size);
        received_.erase(0, size);
        return taken;
    }
    std::string receive_through(std::string_view mark) {
        while (received_.find(mark) == received_.npos)
            BOOST_REQUIRE(receive_some());
        return receive(received_.find(mark) + mark.size());
    }
    // The server closes, and says no more before it does.
    bool ends() { return received_.empty() && !receive_some(); }

    // The payload of a WebSocket frame, the Engine.IO type in front.
    std::string receive_frame() {
        const auto head = receive(2);
        auto size = static_cast<std::size_t>(head[1] & 0x7f);
        if (size == 126) {
            const auto more = receive(2);
            size = static_cast<std::size_t>(
                static_cast<std::uint8_t>(more[0]) << 8 | static_cast<std::uint8_t>(more[1]));
        }
        return receive(size);
    }

    // The body of the response to a request, and its status.
    std::pair<int, std::string> receive_response() {
        const auto head = receive_through("\r\n\r\n");
        std::size_t size = 0;
        if (const auto at = head.find("Content-Length: "); at != head.npos)
            size = std::stoul(head.substr(at + 16));
        return {std::stoi(head.substr(9, 3)), receive(size)};
    }
    std::pair<int, std::string> get(const std::string& query) {
        send("GET /socket.io/?EIO=4&" + query + " HTTP/1.1\r\nHost: a\r\n\r\n");
        return receive_response();
    }
    std::pair<int, std::string> post(const std::string& query, const std::string& body) {
        send(post_head(query, body.size()) + body);
        return receive_response();
    }
    static std::string post_head(const std::string& query, std::size_t size) {
        return "POST /socket.io/?EIO=4&" + query +
               " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
    }
    // The status of the answer.
    int become_websocket(const std::string& query) {
        send(
            "GET /socket.io/?EIO=4&" + query +
            " HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        return std::stoi(receive_through("\r\n\r\n").substr(9, 3));
    }
    void send_frame(const std::string& text) { send(frame(fin | text_frame, text)); }

private:
    bool receive_some() {
        char bytes[4096];
        const auto size = ::recv(descriptor_, bytes, sizeof(bytes), 0);
        if (size > 0)
            received_.append(bytes, static_cast<std::size_t>(size));
        return size > 0;
    }

    int descriptor_;
    std::string received_;
};

// What an open packet or the answer to a connect says.
inline std::string sid_in(std::string_view packet) {
    const auto at = packet.find("\"sid\":\"");
    BOOST_REQUIRE(at != packet.npos);
    return std::string(packet.substr(at + 7, base::sid::length));
}

// A Socket.IO client on a WebSocket, connected to "/".
struct client : peer {
    explicit client(std::uint16_t port) : peer(port) {
        BOOST_REQUIRE(become_websocket("transport=websocket") == 101);
        eio_sid = sid_in(receive_frame());
        send_frame("40");
        sid = sid_in(receive_frame());
    }
    [[nodiscard]] unsigned shard() const { return base::shard_of(eio_sid, threads).value(); }
    // Events up to and with `last`, joined by spaces.
    std::string events_until(const std::string& last) {
        std::string heard;
        for (;;) {
            const auto packet = receive_frame();
            const auto from = packet.find('"') + 1;
            const auto event = packet.substr(from, packet.find('"', from) - from);
            heard += (heard.empty() ? "" : " ") + event;
            if (event == last)
                return heard;
        }
    }

    std::string eio_sid;
    std::string sid;
};

} // namespace fake
