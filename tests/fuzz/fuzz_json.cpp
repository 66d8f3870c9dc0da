// Any bytes as JSON text: no crash, and what the functions promise of each other.
#include "base/json.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace json = base::json;
    const std::string_view text(reinterpret_cast<const char*>(data), size);

    // Exactly the valid texts that open with a bracket are arrays.
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool opens_array = first != std::string_view::npos && text[first] == '[';
    const auto scan = json::scan_array(text);
    require(scan.has_value() == (opens_array && json::valid(text)));
    require(json::valid(text) == (json::fault(text) == "nothing is wrong"));
    if (scan) {
        require(scan->starts_with_string || scan->first.empty());
        require(!scan->starts_with_string || scan->elements > 0);
    }

    // Any bytes at all can be quoted, and come back.
    std::string quoted = "[";
    json::append_quoted(quoted, text);
    quoted += ']';
    const auto back = json::scan_array(quoted);
    require(back.has_value() && back->starts_with_string && back->first == text);
    return 0;
}
