#include "features/yjs/lib0.hpp"

#include "base/json.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace features::yjs::lib0 {

std::uint64_t reader::long_number() noexcept {
    std::uint64_t value = 0;
    // Eight bytes carry 56 bits. More would be padding with zeros, which nobody writes.
    for (unsigned shift = 0; shift < 56; shift += 7) {
        const std::uint8_t next = byte();
        value |= std::uint64_t{next & 0x7FU} << shift;
        if (next < 0x80) {
            if (fault_ != nullptr)
                return 0;
            if (value > max_integer)
                break;
            return value;
        }
    }
    fail("a number is larger than 2^53 - 1");
    return 0;
}

std::uint64_t reader::count(std::size_t least_size) noexcept {
    const std::uint64_t claimed = number();
    if (claimed <= left() && claimed * least_size <= left())
        return claimed;
    fail("it has fewer bytes than it counts things");
    return 0;
}

std::string_view reader::take(std::uint64_t size) noexcept {
    if (size > left()) {
        fail("it is cut off");
        return {};
    }
    const std::string_view taken(at_, static_cast<std::size_t>(size));
    at_ += size;
    return taken;
}

std::string_view reader::bytes() noexcept {
    return take(number());
}

std::string_view reader::text() noexcept {
    const std::string_view taken = bytes();
    if (base::is_utf8(taken))
        return taken;
    fail("a text is not UTF-8");
    return {};
}

std::string_view reader::json() noexcept {
    // One that JSON.parse does not take makes every editor throw that is given the update.
    constexpr base::json::limits limits{
        .depth = max_depth,
        .elements = std::numeric_limits<std::size_t>::max(),
        .non_finite = false};
    const std::string_view taken = text();
    if (fault_ != nullptr || base::json::valid(taken, limits))
        return taken;
    fail("a value is not JSON");
    return {};
}

// All of one value but what is in a container. Returns how many values are in it, keys too.
std::uint64_t reader::any_head() noexcept {
    switch (byte()) {
    case 127: // undefined
    case 126: // null
    case 121: // false
    case 120: // true
        return 0;
    case 125: // an integer: sign and six bits, then seven bits a byte
        if (const std::uint8_t first = byte(); first >= 0x80 && number() > max_integer >> 6)
            fail("a number is larger than 2^53 - 1");
        return 0;
    case 124: // 32-bit float
        take(4);
        return 0;
    case 123: // 64-bit float
    case 122: // BigInt
        take(8);
        return 0;
    case 119:
        text();
        return 0;
    case 118: // an object: keys and values in turn
        return count(2) * 2;
    case 117: // an array
        return count(1);
    case 116:
        bytes();
        return 0;
    default:
        fail("a value is of no known type");
        return 0;
    }
}

std::string_view reader::any() noexcept {
    const char* const begin = at_;
    // The containers that are open: how many things are still to come in each. An object's things
    // are keys and values in turn, and of those an even number is left when a key is next.
    struct container {
        std::uint64_t left;
        bool object;
    };
    std::array<container, max_depth> open;
    std::size_t depth = 0;
    do {
        if (depth > 0) {
            container& innermost = open[depth - 1];
            if (innermost.left == 0) {
                --depth;
                continue;
            }
            if (innermost.left-- % 2 == 0 && innermost.object) {
                text();
                continue;
            }
        }
        const bool object = left() > 0 && static_cast<std::uint8_t>(*at_) == 118;
        if (const std::uint64_t inside = any_head(); inside > 0) {
            if (depth == max_depth)
                fail("a value goes too deep");
            else
                open[depth++] = {inside, object};
        }
    } while (depth > 0 && fault_ == nullptr);
    return fault_ == nullptr ? std::string_view(begin, at_) : std::string_view();
}

void append_number(std::string& out, std::uint64_t number) {
    for (; number >= 0x80; number >>= 7)
        out += static_cast<char>(number | 0x80);
    out += static_cast<char>(number);
}

void append_text(std::string& out, std::string_view utf8) {
    append_number(out, utf8.size());
    out += utf8;
}

std::uint64_t utf16_length(std::string_view utf8) noexcept {
    // Most text is ASCII: eight bytes a step for as long as it is.
    std::uint64_t units = 0;
    for (std::uint64_t word = 0; utf8.size() >= sizeof(word); units += sizeof(word)) {
        std::memcpy(&word, utf8.data(), sizeof(word));
        if ((word & 0x8080'8080'8080'8080U) != 0)
            break;
        utf8.remove_prefix(sizeof(word));
    }
    for (const char each : utf8) {
        const auto byte = static_cast<std::uint8_t>(each);
        // A character counts at its first byte, and one of four bytes is a surrogate pair.
        units += static_cast<std::uint64_t>((byte & 0xC0) != 0x80);
        units += static_cast<std::uint64_t>(byte >= 0xF0);
    }
    return units;
}

} // namespace features::yjs::lib0
