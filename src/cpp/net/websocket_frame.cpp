#include "net/websocket_frame.hpp"

#include "net/message_deflate.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace net {

namespace {

using eio::close_code;

constexpr std::uint8_t fin_bit = 0x80;
constexpr std::uint8_t compressed_bit = 0x40; // of a message's first frame (RFC 7692, 7.2.1)
constexpr std::uint8_t reserved_bits = 0x70;
constexpr std::uint8_t opcode_bits = 0x0F;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::uint8_t length_bits = 0x7F;
constexpr std::uint8_t length_16 = 126; // two bytes of length follow
constexpr std::uint8_t length_64 = 127; // eight
constexpr std::size_t max_control_payload = 125;

constexpr bool is_control(opcode op) noexcept {
    return static_cast<std::uint8_t>(op) >= 8;
}

std::uint8_t byte_at(const char* bytes, std::size_t index) noexcept {
    return static_cast<std::uint8_t>(bytes[index]);
}

std::uint64_t big_endian(const char* bytes, std::size_t count) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value = value << 8 | byte_at(bytes, i);
    return value;
}

// Section 7.4: what an endpoint may send. 1012 to 1014 came later, by registration with IANA.
constexpr bool may_be_sent(std::uint16_t code) noexcept {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

std::size_t extended_length_size(std::uint8_t length) noexcept {
    return length == length_64 ? 8 : length == length_16 ? 2 : 0;
}

} // namespace

websocket_decoder::result
websocket_decoder::feed(std::span<char> bytes, websocket_sink& sink, message_deflate* inflater) {
    const std::size_t given = bytes.size();
    // An empty payload has an end too: the loop also runs when a header was the last of the bytes.
    while (!bytes.empty()) {
        if (step_ == step::header) {
            bytes = bytes.subspan(take_header(bytes));
            if (header_size_ >= 2)
                if (const auto violation = check_first_bytes(inflater != nullptr))
                    return {given - bytes.size(), violation};
            const auto second = byte_at(header_.data(), 1);
            if (header_size_ < 2 || header_size_ < 6 + extended_length_size(second & length_bits))
                continue; // the rest has yet to come
            if (const auto violation = begin_frame())
                return {given - bytes.size(), violation};
            if (bytes.empty() && frame_.size > 0)
                break;
        }
        const auto piece_size = static_cast<std::size_t>(
            std::min<std::uint64_t>(bytes.size(), frame_.size - received_));
        const auto piece = bytes.first(piece_size);
        bytes = bytes.subspan(piece_size);
        unmask(piece, frame_.mask, static_cast<std::size_t>(received_ % 4));
        received_ += piece_size;
        const bool frame_ends = received_ == frame_.size;
        if (frame_ends)
            step_ = step::header;

        bool go_on = true;
        const std::string_view view(piece.data(), piece.size());
        std::optional<close_code> violation;
        if (!is_control(frame_.op)) {
            violation = on_data(view, frame_ends, sink, inflater, go_on);
        } else if (!frame_ends) {
            control_ += view;
        } else if (control_.empty()) {
            violation = on_control(view, sink, go_on);
        } else {
            control_ += view;
            const auto whole = std::exchange(control_, {});
            violation = on_control(whole, sink, go_on);
        }
        if (violation || !go_on)
            return {given - bytes.size(), violation};
    }
    return {given, std::nullopt};
}

void websocket_decoder::reset() noexcept {
    step_ = step::header;
    header_size_ = 0;
    in_message_ = false;
    message_ = {};
    control_ = {};
}

// Moves what is missing of the header, and no byte of the payload, to header_.
std::size_t websocket_decoder::take_header(std::span<const char> bytes) {
    std::size_t taken = 0;
    const auto take_up_to = [&](std::size_t size) {
        while (header_size_ < size && taken < bytes.size())
            header_[header_size_++] = bytes[taken++];
        return header_size_ >= size;
    };
    if (take_up_to(2))
        (void)take_up_to(6 + extended_length_size(byte_at(header_.data(), 1) & length_bits));
    return taken;
}

std::optional<close_code>
websocket_decoder::check_first_bytes(bool may_be_compressed) const noexcept {
    const auto first = byte_at(header_.data(), 0);
    const auto second = byte_at(header_.data(), 1);
    const auto op = static_cast<opcode>(first & opcode_bits);
    const bool begins_message = op == opcode::text || op == opcode::binary;
    const auto agreed = may_be_compressed && begins_message ? compressed_bit : 0;
    if ((first & reserved_bits & ~agreed) != 0 || (second & mask_bit) == 0)
        return close_code::protocol_error; // clients must mask
    switch (op) {
    case opcode::continuation:
        return in_message_ ? std::nullopt : std::optional(close_code::protocol_error);
    case opcode::text:
    case opcode::binary:
        return in_message_ ? std::optional(close_code::protocol_error) : std::nullopt;
    case opcode::close:
    case opcode::ping:
    case opcode::pong:
        if ((first & fin_bit) == 0 || (second & length_bits) > max_control_payload)
            return close_code::protocol_error;
        return std::nullopt;
    }
    return close_code::protocol_error; // a reserved opcode
}

std::optional<close_code> websocket_decoder::begin_frame() {
    const auto first = byte_at(header_.data(), 0);
    const auto length = static_cast<std::uint8_t>(byte_at(header_.data(), 1) & length_bits);
    const auto extended = extended_length_size(length);
    frame_.op = static_cast<opcode>(first & opcode_bits);
    frame_.fin = (first & fin_bit) != 0;
    frame_.size = extended == 0 ? length : big_endian(header_.data() + 2, extended);
    std::memcpy(frame_.mask.data(), header_.data() + 2 + extended, frame_.mask.size());
    header_size_ = 0;
    received_ = 0;
    step_ = step::payload;

    if ((length == length_16 && frame_.size < length_16) ||
        (length == length_64 && (frame_.size <= 0xFFFF || frame_.size >> 63 != 0)))
        return close_code::protocol_error; // "the minimal number of bytes MUST be used"
    if (is_control(frame_.op))
        return std::nullopt;
    // By the announced length, before a byte of it is stored.
    if (frame_.size > max_message_bytes_ - message_.size())
        return close_code::message_too_big;
    if (!in_message_) {
        in_message_ = true;
        binary_ = frame_.op == opcode::binary;
        compressed_ = (first & compressed_bit) != 0;
        utf8_.reset();
    }
    return std::nullopt;
}

std::optional<close_code> websocket_decoder::on_data(
    std::string_view piece,
    bool frame_ends,
    websocket_sink& sink,
    message_deflate* inflater,
    bool& go_on) {
    const bool message_ends = frame_ends && frame_.fin;
    if (!binary_ && !compressed_ && (!utf8_.feed(piece) || (message_ends && !utf8_.complete())))
        return close_code::invalid_utf8;
    if (!message_ends) {
        message_ += piece;
        return std::nullopt;
    }
    in_message_ = false;
    if (compressed_) {
        message_ += piece;
        const auto whole = std::exchange(message_, {});
        return on_compressed(whole, sink, *inflater, go_on);
    }
    if (message_.empty()) {
        go_on = sink.on_message(piece, binary_);
    } else {
        // Moved out first: the sink may end the decoder, and an idle connection keeps no buffer.
        message_ += piece;
        const auto whole = std::exchange(message_, {});
        go_on = sink.on_message(whole, binary_);
    }
    return std::nullopt;
}

std::optional<close_code> websocket_decoder::on_compressed(
    std::string_view payload, websocket_sink& sink, message_deflate& inflater, bool& go_on) {
    std::string message;
    switch (inflater.inflate(payload, max_message_bytes_, message)) {
    case message_deflate::outcome::too_big:
        return close_code::message_too_big;
    case message_deflate::outcome::broken:
        return close_code::protocol_error;
    case message_deflate::outcome::whole:
        break;
    }
    if (!binary_ && !base::is_utf8(message))
        return close_code::invalid_utf8;
    go_on = sink.on_message(message, binary_);
    return std::nullopt;
}

std::optional<close_code>
websocket_decoder::on_control(std::string_view payload, websocket_sink& sink, bool& go_on) {
    if (frame_.op == opcode::close)
        return on_close_payload(payload, sink, go_on);
    go_on = frame_.op == opcode::ping ? sink.on_ping(payload) : sink.on_pong(payload);
    return std::nullopt;
}

std::optional<close_code>
websocket_decoder::on_close_payload(std::string_view payload, websocket_sink& sink, bool& go_on) {
    if (payload.empty()) {
        go_on = sink.on_close(std::nullopt, {});
        return std::nullopt;
    }
    if (payload.size() == 1)
        return close_code::protocol_error;
    const auto code = static_cast<std::uint16_t>(big_endian(payload.data(), 2));
    const auto reason = payload.substr(2);
    if (!may_be_sent(code))
        return close_code::protocol_error;
    if (!base::is_utf8(reason))
        return close_code::invalid_utf8;
    go_on = sink.on_close(code, reason);
    return std::nullopt;
}

websocket_header::websocket_header(opcode op, std::size_t payload_size, bool compressed) noexcept {
    const auto put = [this](std::uint64_t byte) { bytes_[size_++] = static_cast<char>(byte); };
    put(fin_bit | (compressed ? compressed_bit : 0U) | static_cast<std::uint8_t>(op));
    if (payload_size < length_16) {
        put(payload_size);
    } else if (payload_size <= 0xFFFF) {
        put(length_16);
        put(payload_size >> 8);
        put(payload_size);
    } else {
        put(length_64);
        for (int shift = 56; shift >= 0; shift -= 8)
            put(static_cast<std::uint64_t>(payload_size) >> shift);
    }
}

websocket_header::websocket_header(char type, std::size_t data_size) noexcept
    : websocket_header(opcode::text, data_size + 1) {
    bytes_[size_++] = type;
}

std::string close_payload(std::optional<std::uint16_t> code, std::string_view reason) {
    std::string payload;
    if (code) {
        payload += static_cast<char>(*code >> 8);
        payload += static_cast<char>(*code & 0xFF);
        payload += reason.substr(0, max_control_payload - 2);
    }
    return payload;
}

void unmask(std::span<char> bytes, std::array<char, 4> mask, std::size_t offset) noexcept {
    std::array<char, 8> pattern; // the mask twice, turned to where these bytes begin
    for (std::size_t i = 0; i < pattern.size(); ++i)
        pattern[i] = mask[(offset + i) % 4];
    std::uint64_t key;
    std::memcpy(&key, pattern.data(), sizeof(key));
    char* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= sizeof(key); at += sizeof(key), left -= sizeof(key)) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof(word));
        word ^= key;
        std::memcpy(at, &word, sizeof(word));
    }
    for (std::size_t i = 0; i < left; ++i)
        at[i] = static_cast<char>(at[i] ^ pattern[i]);
}

} // namespace net
