#include "base/base64.hpp"

#include <array>
#include <cstdint>

namespace base {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t invalid = 0xff;

constexpr std::array<std::uint8_t, 256> values = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(invalid);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return table;
}();

std::uint32_t byte_at(std::string_view text, std::size_t i) {
    return static_cast<std::uint8_t>(text[i]);
}

} // namespace

void append_base64(std::string& out, std::string_view data) {
    out.reserve(out.size() + (data.size() + 2) / 3 * 4);
    std::size_t i = 0;
    for (; i + 3 <= data.size(); i += 3) {
        const std::uint32_t bits =
            byte_at(data, i) << 16 | byte_at(data, i + 1) << 8 | byte_at(data, i + 2);
        for (int shift = 18; shift >= 0; shift -= 6)
            out += alphabet[bits >> shift & 63];
    }
    const std::size_t rest = data.size() - i;
    if (rest == 0)
        return;
    const std::uint32_t bits =
        byte_at(data, i) << 16 | (rest == 2 ? byte_at(data, i + 1) << 8 : 0u);
    out += alphabet[bits >> 18 & 63];
    out += alphabet[bits >> 12 & 63];
    out += rest == 2 ? alphabet[bits >> 6 & 63] : '=';
    out += '=';
}

std::optional<std::string> decode_base64(std::string_view text) {
    const bool padded = text.ends_with('=');
    if (padded && text.size() % 4 != 0)
        return std::nullopt;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
        text.remove_suffix(1);
    if (text.size() % 4 == 1)
        return std::nullopt;
    std::string out;
    out.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::uint8_t value = values[static_cast<std::uint8_t>(c)];
        if (value == invalid)
            return std::nullopt;
        bits = bits << 6 | value;
        if (++count % 4 != 1) // every character but the first of four completes a byte
            out += static_cast<char>(bits >> (6 - 2 * ((count - 1) % 4)) & 0xff);
    }
    return out;
}

} // namespace base
