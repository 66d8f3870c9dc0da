// WebSocket frames as they come from clients, and headers as they go to them.
#include "micro/parts.hpp"
#include "micro/stopwatch.hpp"
#include "net/websocket_frame.hpp"

#include <stdexcept>
#include <string>

namespace micro {
namespace {

constexpr std::size_t max_message = 1'000'000; // bytes, as AsyncServer's default

struct counter final : net::websocket_sink {
    bool on_message(std::string_view data, bool) override {
        bytes += data.size();
        return true;
    }
    bool on_ping(std::string_view) override { return true; }
    bool on_pong(std::string_view) override { return true; }
    bool on_close(std::optional<std::uint16_t>, std::string_view) override { return true; }

    std::size_t bytes = 0;
};

// Its mask is zero, so that unmasking in place, which costs the same, leaves it as it is.
std::string client_frame(std::size_t payload) {
    std::string bytes("\x81", 1);
    if (payload < 126) {
        bytes += static_cast<char>(0x80 | payload);
    } else {
        bytes += static_cast<char>(0x80 | 126);
        bytes += static_cast<char>(payload >> 8);
        bytes += static_cast<char>(payload & 0xff);
    }
    return bytes.append(4, '\0').append(payload, 'x');
}

void decode(std::size_t payload, std::size_t frames) {
    std::string bytes;
    for (std::size_t i = 0; i < frames; ++i) {
        bytes += client_frame(payload);
    }
    net::websocket_decoder decoder(max_message);
    counter sink;
    measure(
        "WebSocket frame of " + std::to_string(payload) + " bytes, decode",
        frames,
        [&] {
            if (decoder.feed(bytes, sink).consumed != bytes.size()) {
                throw std::logic_error("the decoder stopped");
            }
        },
        [] {});
    keep(sink.bytes);
}

} // namespace

void websocket_frames() {
    decode(40, 8);
    decode(1000, 8);
    decode(16'000, 8);
    measure("WebSocket header, encode", [] {
        const net::websocket_header header(net::opcode::text, 40);
        keep(header);
    });
}

} // namespace micro
