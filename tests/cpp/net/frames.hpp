// Frames as a client sends them, and what a decoder made of them, as text.
#pragma once

#include "net/websocket_frame.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fake {

constexpr std::uint8_t fin = 0x80;
constexpr std::uint8_t text_frame = 1;
constexpr std::uint8_t binary_frame = 2;
constexpr std::uint8_t close_frame = 8;
constexpr std::uint8_t ping_frame = 9;
constexpr std::uint8_t pong_frame = 10;

inline std::string big_endian(std::uint64_t value, int bytes) {
    std::string out;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        out += static_cast<char>(value >> shift);
    return out;
}

inline std::string masked(std::string payload, std::string_view mask) {
    for (std::size_t i = 0; i < payload.size(); ++i)
        payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    return std::string(mask) + payload;
}

// A masked frame with the shortest length there is.
inline std::string frame(std::uint8_t first, const std::string& payload) {
    std::string out(1, static_cast<char>(first));
    if (payload.size() < 126)
        out += static_cast<char>(0x80 | payload.size());
    else if (payload.size() <= 0xFFFF)
        out += '\xFE' + big_endian(payload.size(), 2);
    else
        out += '\xFF' + big_endian(payload.size(), 8);
    return out + masked(payload, "\x12\x34\x56\x78");
}

inline std::string close_with(std::uint16_t code, const std::string& reason = {}) {
    return frame(fin | close_frame, big_endian(code, 2) + reason);
}

// One line an event: "text hello", "close 1000 bye"; a violation is the last: "1002".
struct recorder final : net::websocket_sink {
    bool add(std::string line) {
        lines.push_back(std::move(line));
        return lines.size() < stop_after;
    }
    bool on_message(std::string_view data, bool is_binary) override {
        return add((is_binary ? "binary " : "text ") + std::string(data));
    }
    bool on_ping(std::string_view payload) override { return add("ping " + std::string(payload)); }
    bool on_pong(std::string_view payload) override { return add("pong " + std::string(payload)); }
    bool on_close(std::optional<std::uint16_t> code, std::string_view reason) override {
        add("close " + (code ? std::to_string(*code) : "none") + " " + std::string(reason));
        return false;
    }
    std::vector<std::string> lines;
    std::size_t stop_after = SIZE_MAX;
};

// Feeds pieces of at most `piece` bytes, each from storage of exactly its size.
inline std::vector<std::string>
decode(std::string_view stream, std::size_t piece = SIZE_MAX, std::size_t max_message = 1'000'000) {
    net::websocket_decoder decoder(max_message);
    recorder heard;
    while (!stream.empty()) {
        std::vector<char> bytes(
            stream.begin(),
            stream.begin() + static_cast<std::ptrdiff_t>(std::min(piece, stream.size())));
        stream.remove_prefix(bytes.size());
        const auto fed = decoder.feed(bytes, heard);
        if (fed.violation)
            heard.lines.push_back(std::to_string(static_cast<int>(*fed.violation)));
        if (fed.violation || fed.consumed < bytes.size() ||
            (!heard.lines.empty() && heard.lines.back().starts_with("close")))
            break;
    }
    return heard.lines;
}

} // namespace fake
