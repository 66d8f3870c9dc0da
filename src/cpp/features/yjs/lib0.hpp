// lib0's encodings, which all of Yjs's messages are made of: numbers, texts, `any` values.
// No state but the reader's own: any thread. Made for hostile bytes: no recursion, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace features::yjs::lib0 {

// JavaScript's Number.MAX_SAFE_INTEGER: clients, clocks, and sums of clocks and lengths.
constexpr std::uint64_t max_integer = (std::uint64_t{1} << 53) - 1;

// Containers in containers, of `any` and of JSON. Yjs reads `any` by recursion and has no bound.
constexpr std::size_t max_depth = 128;

// The first failure stays: what is read after it is zero or empty, and nothing is left. So a
// function may read several things and ask once.
class reader {
public:
    explicit reader(std::string_view data) noexcept : at_(data.data()), end_(at_ + data.size()) {}

    std::uint8_t byte() noexcept {
        if (at_ == end_) {
            fail("it is cut off");
            return 0;
        }
        return static_cast<std::uint8_t>(*at_++);
    }

    // A varuint of at most max_integer.
    std::uint64_t number() noexcept {
        if (at_ != end_ && static_cast<signed char>(*at_) >= 0)
            return static_cast<std::uint8_t>(*at_++);
        return long_number();
    }

    std::string_view bytes() noexcept; // a number, and as many bytes
    std::string_view text() noexcept;  // the same, and they are UTF-8
    std::string_view json() noexcept;  // the same, and it is what JSON.parse takes
    std::string_view any() noexcept;   // one value of any type, as it is written

    // How many things follow, each of which takes so many bytes or more.
    std::uint64_t count(std::size_t least_size) noexcept;

    void fail(const char* reason) noexcept {
        if (fault_ == nullptr)
            fault_ = reason;
        at_ = end_;
    }

    // Why it is not what it should be, as a literal; null so far.
    [[nodiscard]] const char* fault() const noexcept { return fault_; }
    [[nodiscard]] const char* at() const noexcept { return at_; }
    [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

private:
    std::uint64_t long_number() noexcept;
    std::string_view take(std::uint64_t size) noexcept;
    std::uint64_t any_head() noexcept;

    const char* at_;
    const char* end_;
    const char* fault_ = nullptr;
};

// They append to `out`.
void append_number(std::string& out, std::uint64_t number);
void append_text(std::string& out, std::string_view utf8);

// Of a UTF-8 text in UTF-16 units, which are what JavaScript counts.
[[nodiscard]] std::uint64_t utf16_length(std::string_view utf8) noexcept;

} // namespace features::yjs::lib0
