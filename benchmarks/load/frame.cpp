#include "load/frame.hpp"

#include <array>
#include <stdexcept>

namespace load {
namespace {

constexpr std::array<char, 4> mask{0x37, 0x1c, 0x52, 0x6d};
constexpr unsigned final_bit = 0x80;
constexpr unsigned mask_bit = 0x80;
constexpr std::size_t most_in_short = 125;

} // namespace

void append_frame(std::string& to, opcode type, std::string_view payload) {
    const auto size = payload.size();
    to += static_cast<char>(final_bit | static_cast<unsigned>(type));
    if (size <= most_in_short) {
        to += static_cast<char>(mask_bit | size);
    } else if (size <= 0xffff) {
        to += static_cast<char>(mask_bit | 126);
        to += static_cast<char>(size >> 8);
        to += static_cast<char>(size & 0xff);
    } else {
        to += static_cast<char>(mask_bit | 127);
        for (int shift = 56; shift >= 0; shift -= 8) {
            to += static_cast<char>(size >> shift);
        }
    }
    to.append(mask.data(), mask.size());
    const auto start = to.size();
    to += payload;
    for (std::size_t i = 0; i < size; ++i) {
        to[start + i] = static_cast<char>(to[start + i] ^ mask[i % mask.size()]);
    }
}

std::optional<frame> first_frame(std::string_view bytes) {
    const auto byte = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    if (bytes.size() < 2) {
        return {};
    }
    if ((byte(0) & 0xf0) != final_bit || (byte(1) & mask_bit) != 0) {
        throw std::runtime_error("a frame that is compressed, masked or a fragment");
    }
    std::size_t header = 2;
    std::size_t size = byte(1);
    if (size > most_in_short) {
        const std::size_t more = size == 126 ? 2 : 8;
        header += more;
        if (bytes.size() < header) {
            return {};
        }
        size = 0;
        for (std::size_t i = 0; i < more; ++i) {
            size = size << 8 | byte(2 + i);
        }
    }
    if (bytes.size() < header || bytes.size() - header < size) {
        return {};
    }
    return frame{static_cast<opcode>(byte(0) & 0x0f), bytes.substr(header, size), header + size};
}

} // namespace load
