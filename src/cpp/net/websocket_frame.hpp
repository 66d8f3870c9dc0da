// The WebSocket frame codec of a server (RFC 6455): bytes to messages and back. No I/O.
#pragma once

#include "base/utf8.hpp"
#include "eio/transport.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace net {

class message_deflate;

enum class opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};

// What a decoder finds. Views are dead when the call returns. Each call returns whether decoding
// goes on: after a false the decoder touches neither the sink nor itself any more.
class websocket_sink {
public:
    virtual ~websocket_sink() = default;
    [[nodiscard]] virtual bool on_message(std::string_view data, bool binary) = 0;
    [[nodiscard]] virtual bool on_ping(std::string_view payload) = 0;
    [[nodiscard]] virtual bool on_pong(std::string_view payload) = 0;
    // No code when the peer gave none.
    [[nodiscard]] virtual bool
    on_close(std::optional<std::uint16_t> code, std::string_view reason) = 0;
};

// Keeps nothing but the part of a frame or message that has not come to its end, which is bounded
// by the longest message allowed.
class websocket_decoder {
public:
    struct result {
        std::size_t consumed = 0; // less than given only when the sink stopped, or on a violation
        std::optional<eio::close_code> violation{}; // fail the connection with it; feed no more
    };

    explicit websocket_decoder(std::size_t max_message_bytes) noexcept
        : max_message_bytes_(max_message_bytes) {}

    // Unmasks in place: `bytes` are garbage afterwards, up to what was consumed. `inflater`: for
    // messages that the peer has compressed; null when that was not agreed on.
    [[nodiscard]] result
    feed(std::span<char> bytes, websocket_sink& sink, message_deflate* inflater = nullptr);

    // Between two messages, with nothing kept: as good as a new one.
    [[nodiscard]] bool idle() const noexcept {
        return step_ == step::header && header_size_ == 0 && !in_message_;
    }
    // Forgets what it has kept.
    void reset() noexcept;

private:
    struct frame {
        opcode op = opcode::continuation;
        bool fin = false;
        std::uint64_t size = 0;
        std::array<char, 4> mask{};
    };
    enum class step : std::uint8_t { header, payload };

    [[nodiscard]] std::size_t take_header(std::span<const char> bytes);
    [[nodiscard]] std::optional<eio::close_code>
    check_first_bytes(bool may_be_compressed) const noexcept;
    [[nodiscard]] std::optional<eio::close_code> begin_frame();
    // A whole data frame, or the next piece of one.
    [[nodiscard]] std::optional<eio::close_code> on_data(
        std::string_view piece,
        bool frame_ends,
        websocket_sink& sink,
        message_deflate* inflater,
        bool& go_on);
    [[nodiscard]] std::optional<eio::close_code> on_compressed(
        std::string_view payload, websocket_sink& sink, message_deflate& inflater, bool& go_on);
    [[nodiscard]] std::optional<eio::close_code>
    on_control(std::string_view payload, websocket_sink& sink, bool& go_on);
    [[nodiscard]] std::optional<eio::close_code>
    on_close_payload(std::string_view payload, websocket_sink& sink, bool& go_on);

    const std::size_t max_message_bytes_;
    step step_ = step::header;
    std::uint8_t header_size_ = 0;
    std::array<char, 14> header_{};
    frame frame_;
    std::uint64_t received_ = 0; // of the current frame's payload
    bool in_message_ = false;    // its first frame has begun and its last has not ended
    bool binary_ = false;
    bool compressed_ = false;
    base::utf8_validator utf8_;
    std::string message_; // what has come of a message that is not complete
    std::string control_; // what has come of a control frame that is not complete
};

// The header of a frame to a client: final, not masked; at most 10 bytes, and one more when a
// packet's type character follows.
class websocket_header {
public:
    websocket_header(opcode op, std::size_t payload_size, bool compressed = false) noexcept;
    // A text frame whose payload is `type` and `data_size` bytes.
    websocket_header(char type, std::size_t data_size) noexcept;
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<char, 11> bytes_;
    std::uint8_t size_ = 0;
};

// A close frame's payload; empty without a code.
[[nodiscard]] std::string
close_payload(std::optional<std::uint16_t> code, std::string_view reason = {});

// `offset` is the place of the first byte within its frame's payload.
void unmask(std::span<char> bytes, std::array<char, 4> mask, std::size_t offset = 0) noexcept;

} // namespace net
