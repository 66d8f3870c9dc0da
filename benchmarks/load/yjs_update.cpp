#include "load/yjs_update.hpp"

#include <stdexcept>

namespace load {
namespace {

constexpr char text_content = 4;
constexpr char has_origin = static_cast<char>(0x80);

std::uint64_t take_number(std::string_view& from) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(from.front());
        from.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    throw std::runtime_error("an update that is cut off");
}

} // namespace

void append_number(std::string& to, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
        to += static_cast<char>(value | 0x80);
    }
    to += static_cast<char>(value);
}

void append_typed(
    std::string& to, std::uint64_t client, std::uint64_t clock, std::string_view text) {
    to.append("\1\1", 2); // of one client, one struct
    append_number(to, client);
    append_number(to, clock);
    if (clock == 0) {
        to += text_content;
        to.append("\1\4text", 6);
    } else {
        to += static_cast<char>(text_content | has_origin);
        append_number(to, client);
        append_number(to, clock - 1);
    }
    append_number(to, text.size());
    to += text;
    to += '\0'; // and nothing deleted
}

keystroke first_of(std::string_view update) {
    if (take_number(update) == 0 || take_number(update) == 0) {
        throw std::runtime_error("an update that says nothing");
    }
    const auto client = take_number(update);
    return {client, take_number(update)};
}

} // namespace load
