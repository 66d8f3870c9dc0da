// Parts of a JSON text that has been checked already, found without a tree. No state: any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base::json {

// Views into the text: values as they stand there, without white space around.
// Nothing, or none, for a text of another kind.
[[nodiscard]] std::optional<std::string_view> element(std::string_view array, std::size_t index);
// At most so many.
[[nodiscard]] std::vector<std::string_view> elements(std::string_view array, std::size_t most);
// The last of this name, as JSON parsers have it. Names that are written with escapes are decoded.
[[nodiscard]] std::optional<std::string_view>
member(std::string_view object, std::string_view name);
// Decoded; nothing for what is no string, or has a lone surrogate in it, which no text can carry.
[[nodiscard]] std::optional<std::string> string(std::string_view value);

} // namespace base::json
