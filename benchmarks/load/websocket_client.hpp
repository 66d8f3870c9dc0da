// One Socket.IO client over WebSocket. It connects to its namespace by itself, answers pings, and
// knows only what a well-behaved server sends. One that is `bare` speaks no Socket.IO.
#pragma once

#include "load/frame.hpp"
#include "load/tcp.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace load {

class websocket_client;

// What the clients of a scenario tell it. `binary` and `gone` throw when they are not set.
struct websocket_handlers {
    std::function<void(websocket_client&)> connected;
    // A Socket.IO packet, the Engine.IO type `4` taken off: `43["ack",…]` gives `3[…`.
    std::function<void(websocket_client&, std::string_view)> packet;
    std::function<void(websocket_client&, std::string_view)> binary; // a frame of bytes
    std::function<void(websocket_client&)> heartbeat;                // before it is answered
    std::function<void(websocket_client&, std::string_view)> pong;
    std::function<void(websocket_client&)> gone;
};

class websocket_client final : public tcp {
public:
    websocket_client(
        loop& on, const target& server, const websocket_handlers& handlers, std::size_t index);

    [[nodiscard]] std::size_t index() const { return index_; }
    [[nodiscard]] bool connected() const { return stage_ == stage::connected; } // its namespace

    // Whole masked frames, as `append_frame` makes them: most are made once and sent often.
    void send(std::string_view frames) { queue(frames); }
    void leave(); // a close frame; `gone` follows

    std::uint64_t acks = 0;      // received so far
    bool connected_once = false; // also after it has left

private:
    enum class stage : std::uint8_t { upgrading, opening, connected, leaving };

    std::size_t on_bytes(std::string_view bytes) override;
    void on_end() override;
    std::size_t take_handshake(std::string_view bytes);
    void on_text(std::string_view packet);
    void on_binary(std::string_view bytes);
    void on_connected();

    const websocket_handlers& handlers_;
    std::size_t index_;
    std::string connect_; // the packet that asks to be let into the namespace; none if bare
    stage stage_ = stage::upgrading;
};

} // namespace load
