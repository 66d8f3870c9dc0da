// The tokens of JSON (RFC 8259): what the scanner and the Python parser have in common.
// Positions are pointers into the text; null means that the text is not JSON there.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace base::json::lex {

inline const char* skip_space(const char* at, const char* end) noexcept {
    while (at != end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        ++at;
    }
    return at;
}

inline bool is_digit(const char* at, const char* end) noexcept {
    return at != end && *at >= '0' && *at <= '9';
}

// -1 if it is none.
inline int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// --- Strings ---------------------------------------------------------------------------------

constexpr std::uint64_t repeat(std::uint8_t byte) noexcept {
    return 0x0101'0101'0101'0101U * byte;
}

constexpr std::uint64_t high_bits = repeat(0x80);

// The high bit of each byte that ends a run of plain text: a quote, a backslash, a control
// character. Exact up to the lowest such byte; a borrow may add marks above it.
constexpr std::uint64_t special_bytes(std::uint64_t word) noexcept {
    const std::uint64_t quote = word ^ repeat('"');
    const std::uint64_t backslash = word ^ repeat('\\');
    return (((quote - repeat(1)) & ~quote) | ((backslash - repeat(1)) & ~backslash) |
            ((word - repeat(0x20)) & ~word)) &
           high_bits;
}

inline bool is_special(char c) noexcept {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

// The first special byte, or `end`. `seen` collects the bytes passed: its high bits tell whether
// one was not ASCII. Eight bytes a step, because most of a message is strings.
inline const char* skip_plain(const char* at, const char* end, std::uint64_t& seen) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        while (end - at >= 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, at, 8);
            const std::uint64_t special = special_bytes(word);
            if (special != 0) {
                const int bits = std::countr_zero(special) - 7; // below the special byte
                seen |= word & ((std::uint64_t{1} << bits) - 1);
                return at + bits / 8;
            }
            seen |= word;
            at += 8;
        }
    }
    for (; at != end && !is_special(*at); ++at) {
        seen |= static_cast<unsigned char>(*at);
    }
    return at;
}

struct string_token {
    const char* close = nullptr; // the closing quote
    bool escaped = false;
    bool ascii = false; // of the text as it stands; an escape may mean something else
};

// `at`: behind the opening quote. Escapes are checked, not decoded.
inline string_token read_string(const char* at, const char* end) noexcept {
    std::uint64_t seen = 0;
    bool escaped = false;
    for (;;) {
        at = skip_plain(at, end, seen);
        if (at == end) {
            return {};
        }
        if (*at == '"') {
            return {.close = at, .escaped = escaped, .ascii = (seen & high_bits) == 0};
        }
        if (*at != '\\' || end - at < 2) {
            return {};
        }
        escaped = true;
        switch (at[1]) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            at += 2;
            break;
        case 'u':
            if (end - at < 6 ||
                (hex_digit(at[2]) | hex_digit(at[3]) | hex_digit(at[4]) | hex_digit(at[5])) < 0) {
                return {};
            }
            at += 6;
            break;
        default:
            return {};
        }
    }
}

// Appends what stands between the quotes of a string that `read_string` accepted. Surrogate
// pairs are joined; true if a lone one was written as three bytes.
bool append_decoded(std::string& out, std::string_view raw);

// Appends the escape of an ASCII character, the short one where JSON has it.
void append_escape(std::string& out, char special);

// --- Numbers ---------------------------------------------------------------------------------

struct number_token {
    const char* end = nullptr;
    bool integer = false;
};

inline number_token read_number(const char* at, const char* end) noexcept {
    if (at != end && *at == '-') {
        ++at;
    }
    if (!is_digit(at, end)) {
        return {};
    }
    if (*at == '0') {
        ++at; // no further digit may follow
    } else {
        while (is_digit(at, end)) {
            ++at;
        }
    }
    bool integer = true;
    if (at != end && *at == '.') {
        integer = false;
        if (!is_digit(++at, end)) {
            return {};
        }
        while (is_digit(at, end)) {
            ++at;
        }
    }
    if (at != end && (*at == 'e' || *at == 'E')) {
        integer = false;
        ++at;
        if (at != end && (*at == '+' || *at == '-')) {
            ++at;
        }
        if (!is_digit(at, end)) {
            return {};
        }
        while (is_digit(at, end)) {
            ++at;
        }
    }
    return {.end = at, .integer = integer};
}

// --- Literals --------------------------------------------------------------------------------

// Behind the word if it stands here.
inline const char* read_word(const char* at, const char* end, std::string_view word) noexcept {
    const bool here = static_cast<std::size_t>(end - at) >= word.size() &&
                      std::memcmp(at, word.data(), word.size()) == 0;
    return here ? at + word.size() : nullptr;
}

} // namespace base::json::lex
