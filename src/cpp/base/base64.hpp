// Base64 as polling payloads carry binary messages (RFC 4648, section 4, with padding).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace base {

void append_base64(std::string& out, std::string_view data);
// Nothing when `text` is not base64; missing padding is accepted, as the reference server does.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

} // namespace base
