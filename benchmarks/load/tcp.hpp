// A non-blocking TCP connection to the server, with what was queued and not yet sent.
#pragma once

#include "load/loop.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace load {

struct target {
    std::uint16_t port = 0; // on 127.0.0.1
    std::string path = "/socket.io/";
    std::string nsp = "/";
    bool bare = false; // a WebSocket, and no Socket.IO in it
};

// Serves one socket: hands on what was read, and sends what was queued in as few calls as it can.
class tcp : public endpoint {
public:
    // Begins to connect. Connections take turns among several source addresses, each of which has
    // ports of its own. Throws std::system_error.
    tcp(loop& on, const target& server);
    ~tcp() override;
    tcp(const tcp&) = delete;
    tcp& operator=(const tcp&) = delete;

    void on_ready(std::uint32_t events) final;
    void flush() final;
    void close();
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

protected:
    void queue(std::string_view bytes) {
        if (out_.empty()) {
            loop_.flush_later(*this);
        }
        out_ += bytes;
    }

    // Takes what it can of `bytes`, which are the first unread ones, and returns how many. May
    // close the connection.
    virtual std::size_t on_bytes(std::string_view bytes) = 0;
    virtual void on_end() = 0; // the server closed, or reset; the socket is closed already

private:
    void receive();
    void end();
    void watch(bool writing);

    loop& loop_;
    int descriptor_;
    bool writing_ = false; // epoll watches for writability
    std::string in_;       // an incomplete message
    std::string out_;
    std::size_t written_ = 0;
};

} // namespace load
