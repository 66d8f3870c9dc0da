// The parameters of a URL's query. No state: any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace base {

// The value of one query parameter, percent-decoded, which may make it no UTF-8; nothing when
// absent. First one wins.
[[nodiscard]] std::optional<std::string>
query_parameter(std::string_view query, std::string_view name);

} // namespace base
