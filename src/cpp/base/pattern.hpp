// A text against a pattern, as a whole. For texts that strangers send: each character costs at most
// one look at each step of the pattern, whatever the two are, and nothing is ever tried again,
// which is what std::regex cannot promise. No state: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace base {

// The part of regular expressions that needs no memory of what has been matched:
//   characters, `.` (any but a line feed), `[a-f0-9]`, `[^/]`, `\d \w \s` (ASCII) and their
//   opposites
//   `\D \W \S`, `\n \r \t`, a backslash before any sign; `(...)`, `(?:...)`, `a|b`;
//   `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}`; a `^` at its start and a `$` at its end mean nothing.
// It matches characters of UTF-8, not bytes.
class pattern {
public:
    // A longer text matches nothing, so that no one can make it take long.
    static constexpr std::size_t max_text = 1'024; // bytes
    static constexpr std::size_t max_steps = 2'000;

    // Both throw std::invalid_argument with a sentence for what is no pattern, or too long a one.
    [[nodiscard]] static pattern regex(std::string_view utf8);
    // `*` stands for any run of characters, also none; `?` for any one.
    [[nodiscard]] static pattern glob(std::string_view utf8);

    // False for what is no UTF-8.
    [[nodiscard]] bool matches(std::string_view utf8) const;

    // One step of the program that a pattern is turned into (R. Cox, "Regular Expression Matching
    // Can Be Simple And Fast").
    struct step {
        enum class kind : std::uint8_t {
            take,  // a character of the set `first`, and go on behind
            fork,  // go on at `first` and at `second`
            match, // the end
        };
        kind what = kind::match;
        std::uint32_t first = 0;
        std::uint32_t second = 0;
    };
    struct range {
        char32_t from = 0;
        char32_t to = 0;
    };
    struct set {
        std::vector<range> ranges;
        bool except = false; // all others
        [[nodiscard]] bool has(char32_t c) const noexcept;
    };
    struct program {
        std::vector<step> steps;
        std::vector<set> sets;
        std::uint32_t start = 0;
    };

private:
    explicit pattern(program made) : program_(std::make_shared<const program>(std::move(made))) {}
    std::shared_ptr<const program> program_; // copies of a pattern share it
};

} // namespace base
