#include "base/utf8.hpp"

#include <cstddef>
#include <cstring>

namespace base {

namespace {

constexpr std::uint8_t invalid = 0xFF;
constexpr std::uint64_t high_bits = 0x8080808080808080;

// Most text on the wire is ASCII: 16 bytes a step.
const char* skip_ascii(const char* at, const char* end) noexcept {
    while (end - at >= 16) {
        std::uint64_t words[2];
        std::memcpy(words, at, sizeof(words));
        if ((words[0] | words[1]) & high_bits)
            break;
        at += 16;
    }
    while (at != end && static_cast<signed char>(*at) >= 0)
        ++at;
    return at;
}

} // namespace

bool utf8_validator::feed(std::string_view piece) noexcept {
    if (needed_ == invalid)
        return false;
    const char* at = piece.data();
    const char* const end = at + piece.size();
    const auto fail = [this] {
        needed_ = invalid;
        return false;
    };
    while (at != end) {
        if (needed_ > 0) {
            const auto byte = static_cast<std::uint8_t>(*at++);
            if (byte < low_ || byte > high_)
                return fail();
            low_ = 0x80;
            high_ = 0xBF;
            --needed_;
            continue;
        }
        at = skip_ascii(at, end);
        if (at == end)
            break;
        const auto lead = static_cast<std::uint8_t>(*at++);
        if (lead >= 0xC2 && lead <= 0xDF) {
            needed_ = 1;
        } else if (lead >= 0xE0 && lead <= 0xEF) {
            needed_ = 2;
            if (lead == 0xE0)
                low_ = 0xA0; // overlong below
            else if (lead == 0xED)
                high_ = 0x9F; // surrogates above
        } else if (lead >= 0xF0 && lead <= 0xF4) {
            needed_ = 3;
            if (lead == 0xF0)
                low_ = 0x90; // overlong below
            else if (lead == 0xF4)
                high_ = 0x8F; // beyond U+10FFFF above
        } else {
            return fail();
        }
    }
    return true;
}

} // namespace base
