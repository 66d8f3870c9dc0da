// UTF-8 validation, whole or in pieces (RFC 3629: no overlong forms, no surrogates).
#pragma once

#include <cstdint>
#include <string_view>

namespace base {

// Fed with the pieces of a text in order; a piece may end inside a character.
class utf8_validator {
public:
    // False as soon as no continuation can make the text valid; then for good.
    [[nodiscard]] bool feed(std::string_view piece) noexcept;
    // Whether the text may end here.
    [[nodiscard]] bool complete() const noexcept { return needed_ == 0; }
    void reset() noexcept { *this = {}; }

private:
    std::uint8_t needed_ = 0; // continuation bytes to come; `invalid` after an error
    // The range of the next one: narrower than 80..BF only right after a lead byte.
    std::uint8_t low_ = 0x80;
    std::uint8_t high_ = 0xBF;
};

[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
    utf8_validator validator;
    return validator.feed(text) && validator.complete();
}

} // namespace base
