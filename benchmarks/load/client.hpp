// One Socket.IO client of the load generator: a socket, its WebSocket handshake and frames, and the
// few packets it takes to be connected. It knows only what a well-behaved server sends.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace load {

using clock = std::chrono::steady_clock;

struct target {
    std::uint16_t port; // on 127.0.0.1
    std::string path;   // e.g. "/socket.io/"
};

class client {
public:
    // Called with each Socket.IO packet, the Engine.IO type `4` taken off: `43["ack",…]` gives
    // `3[…`.
    using packet_handler = std::function<void(client&, std::string_view)>;

    client(std::size_t index, const target& server); // throws std::system_error
    ~client();
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    std::size_t index() const { return index_; }
    int descriptor() const { return descriptor_; }
    bool connected() const { return stage_ == stage::connected; } // its namespace, that is
    bool wants_to_write() const { return written_ < out_.size(); }

    // Queue one Engine.IO packet as a masked text frame; `flush` sends what is queued.
    void queue(std::string_view packet);
    void flush(); // throws std::system_error

    // Read what is there and handle it. Throws std::runtime_error when the server closes or
    // refuses.
    void receive(const packet_handler& on_packet);

    // When each request in flight was sent, by ack id.
    std::vector<clock::time_point> sent_at;

private:
    enum class stage { upgrading, opening, connected };

    std::size_t take_handshake(std::string_view bytes);
    std::size_t take_frame(std::string_view bytes, const packet_handler& on_packet);
    void on_text(std::string_view packet, const packet_handler& on_packet);

    std::size_t index_;
    int descriptor_;
    stage stage_ = stage::upgrading;
    std::string in_; // an incomplete frame
    std::string out_;
    std::size_t written_ = 0;
};

} // namespace load
