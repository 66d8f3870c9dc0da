// The head of an HTTP/1.1 response as text.
#pragma once

#include "eio/http.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace net {

// Status line, headers, Content-Length of the body, Connection. A header that would break out of
// its line is left out.
[[nodiscard]] std::string response_head(const eio::http_response& response, bool keep_alive);

// A short answer of the door itself: "Not Found" and its like, as text/plain.
[[nodiscard]] eio::http_response plain_response(int status);

[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

} // namespace net
