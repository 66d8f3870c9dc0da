// JSON text checked and searched without building a tree; and one JSON string written.
// JSON is what Python's json.loads takes for it: RFC 8259, and NaN, Infinity and -Infinity.
// No state: any thread. Made for hostile text: no recursion, one pass, bounded depth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base::json {

// More than any json.loads allows up to Python 3.13, whose recursion limits are from 1,000 to
// 10,000.
constexpr std::size_t max_depth = 10'000;

struct limits {
    std::size_t depth = max_depth; // or less
    std::size_t elements = 1'000;  // of the outermost array
    bool non_finite = true;        // NaN and Infinity are values, as they are not for JavaScript
};

// What `sio` needs to know of an event's or an ack's arguments before Python sees them.
struct array_scan {
    std::size_t elements = 0;
    bool starts_with_string = false;
    bool starts_with_integer = false; // a JavaScript peer may name an event so
    // The first element decoded, when it is a string. A lone surrogate escape becomes three
    // bytes, as Python's "surrogatepass"; all else is UTF-8 if the text is.
    std::string first;
    // "num" of each placeholder object, in the order the objects end. A placeholder is what
    // `socketio.packet.Packet.reconstruct_binary` replaces: "_placeholder" true in Python's
    // sense, "num" present. In any order, with any white space or escapes; a repeated key's last
    // value counts.
    std::vector<std::uint32_t> placeholders;
    // A placeholder whose "num" is not an integer from 0 to 2^31 - 1; or, as the JavaScript
    // server has it, "_placeholder":true without a "num".
    bool bad_placeholder = false;
};

// The whole text is one JSON array within the limits, or nothing.
[[nodiscard]] std::optional<array_scan> scan_array(std::string_view text, const limits& = {});

// The whole text is one JSON value within the limits; `elements` applies if it is an array.
[[nodiscard]] bool valid(std::string_view text, const limits& = {});

// What is wrong with a text that has been refused: "byte 7 of 20 ...", for a log.
[[nodiscard]] std::string fault(std::string_view text, const limits& = {});

// Appends the text as a JSON string; UTF-8 goes through unescaped.
void append_quoted(std::string& out, std::string_view utf8);

} // namespace base::json
