// Updates (format v1) of editors that type, each at a place of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace load {

// lib0's variable-length number.
void append_number(std::string& to, std::uint64_t value);

// Text behind the last character of the same editor, whose next is number `clock`; its first stands
// at the beginning of the document's shared text "text".
void append_typed(
    std::string& to, std::uint64_t client, std::uint64_t clock, std::string_view text);

struct keystroke {
    std::uint64_t client;
    std::uint64_t clock;
};

// What the first struct of an update is called by. Throws std::runtime_error when there is none.
keystroke first_of(std::string_view update);

} // namespace load
