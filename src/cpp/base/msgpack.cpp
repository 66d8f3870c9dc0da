#include "base/msgpack.hpp"

#include "base/utf8.hpp"

#include <array>
#include <cassert>

namespace base::msgpack {

namespace {

void append_big_endian(std::string& out, std::uint64_t number, unsigned width) {
    for (unsigned shift = width * 8; shift != 0;) {
        shift -= 8;
        out += static_cast<char>(number >> shift & 0xFF);
    }
}

std::optional<item> container(kind is, std::optional<std::uint64_t> count) noexcept {
    if (!count)
        return std::nullopt;
    return item{.is = is, .number = is == kind::map ? *count * 2 : *count};
}

} // namespace

std::optional<std::string_view> reader::take(std::uint64_t size) noexcept {
    if (size > rest_.size())
        return std::nullopt;
    const auto taken = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(taken.size());
    return taken;
}

// Big endian.
std::optional<std::uint64_t> reader::take_number(std::size_t width) noexcept {
    const auto bytes = take(width);
    if (!bytes)
        return std::nullopt;
    std::uint64_t number = 0;
    for (const char each : *bytes)
        number = number << 8 | static_cast<unsigned char>(each);
    return number;
}

std::optional<item> reader::content(kind is, std::optional<std::uint64_t> size) noexcept {
    const auto bytes = size ? take(*size) : std::nullopt;
    if (!bytes || (is == kind::string && !is_utf8(*bytes)))
        return std::nullopt;
    return item{.is = is, .content = *bytes};
}

std::optional<item> reader::fixed(kind is, std::size_t size) noexcept {
    return take(size) ? std::optional(item{.is = is}) : std::nullopt;
}

std::optional<item> reader::next() noexcept {
    const auto first = take(1);
    if (!first)
        return std::nullopt;
    const auto head = static_cast<unsigned char>(first->front());
    if (head < 0x80)
        return item{.is = kind::integer, .number = head};
    if (head < 0x90)
        return container(kind::map, head & 0x0FU);
    if (head < 0xA0)
        return container(kind::array, head & 0x0FU);
    if (head < 0xC0)
        return content(kind::string, head & 0x1FU);
    if (head >= 0xE0)
        return item{.is = kind::integer, .negative = true};
    // Where there are several widths in a row, each is twice the one before.
    const auto width = [head](unsigned char narrowest) {
        return std::size_t{1} << (head - narrowest);
    };
    switch (head) {
    case 0xC0:
        return item{};
    case 0xC2:
    case 0xC3:
        return item{.is = kind::boolean};
    case 0xC4:
    case 0xC5:
    case 0xC6:
        return content(kind::binary, take_number(width(0xC4)));
    case 0xC7:
    case 0xC8:
    case 0xC9: {
        const auto size = take_number(width(0xC7));
        return size ? content(kind::extension, *size + 1) : std::nullopt;
    }
    case 0xCA:
    case 0xCB:
        return fixed(kind::real, head == 0xCA ? 4 : 8);
    case 0xCC:
    case 0xCD:
    case 0xCE:
    case 0xCF: {
        const auto number = take_number(width(0xCC));
        return number ? std::optional(item{.is = kind::integer, .number = *number}) : std::nullopt;
    }
    case 0xD0:
    case 0xD1:
    case 0xD2:
    case 0xD3: {
        const auto bits = 8 * width(0xD0);
        const auto number = take_number(bits / 8);
        if (!number)
            return std::nullopt;
        if ((*number >> (bits - 1) & 1) != 0)
            return item{.is = kind::integer, .negative = true};
        return item{.is = kind::integer, .number = *number};
    }
    case 0xD4:
    case 0xD5:
    case 0xD6:
    case 0xD7:
    case 0xD8:
        return content(kind::extension, width(0xD4) + 1);
    case 0xD9:
    case 0xDA:
    case 0xDB:
        return content(kind::string, take_number(width(0xD9)));
    case 0xDC:
    case 0xDD:
        return container(kind::array, take_number(head == 0xDC ? 2 : 4));
    case 0xDE:
    case 0xDF:
        return container(kind::map, take_number(head == 0xDE ? 2 : 4));
    default:
        return std::nullopt; // 0xC1, which is never used
    }
}

std::optional<std::string_view> reader::value() noexcept {
    const auto before = rest_;
    // How many values each open container still has. Not set before it is used: it is large.
    std::array<std::uint64_t, max_depth> open; // NOLINT(*-member-init)
    std::size_t depth = 0;
    do {
        const auto read = next();
        if (!read)
            return std::nullopt;
        const bool holds = (read->is == kind::array || read->is == kind::map) && read->number != 0;
        if (holds && depth == max_depth)
            return std::nullopt;
        if (holds) {
            open[depth++] = read->number;
            continue;
        }
        // A value is complete, and so is each container whose last one it is.
        while (depth != 0 && --open[depth - 1] == 0)
            --depth;
    } while (depth != 0);
    return before.substr(0, before.size() - rest_.size());
}

void append_map(std::string& out, unsigned pairs) {
    assert(pairs < 16);
    out += static_cast<char>(0x80U | pairs);
}

void append_array(std::string& out, std::uint32_t values) {
    if (values < 0x10) {
        out += static_cast<char>(0x90U | values);
    } else if (values <= 0xFFFF) {
        out += '\xDC';
        append_big_endian(out, values, 2);
    } else {
        out += '\xDD';
        append_big_endian(out, values, 4);
    }
}

void append_unsigned(std::string& out, std::uint64_t number) {
    if (number < 0x80) {
        out += static_cast<char>(number);
    } else if (number <= 0xFF) {
        out += '\xCC';
        append_big_endian(out, number, 1);
    } else if (number <= 0xFFFF) {
        out += '\xCD';
        append_big_endian(out, number, 2);
    } else if (number <= 0xFFFFFFFF) {
        out += '\xCE';
        append_big_endian(out, number, 4);
    } else {
        out += '\xCF';
        append_big_endian(out, number, 8);
    }
}

void append_string(std::string& out, std::string_view utf8) {
    const auto size = utf8.size();
    if (size < 0x20) {
        out += static_cast<char>(0xA0U | size);
    } else if (size <= 0xFF) {
        out += '\xD9';
        append_big_endian(out, size, 1);
    } else if (size <= 0xFFFF) {
        out += '\xDA';
        append_big_endian(out, size, 2);
    } else {
        assert(size <= 0xFFFFFFFF);
        out += '\xDB';
        append_big_endian(out, size, 4);
    }
    out += utf8;
}

} // namespace base::msgpack
