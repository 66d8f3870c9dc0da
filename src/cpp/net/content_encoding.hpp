// Compressed response bodies: gzip (RFC 1952) and zlib, which HTTP calls deflate (RFC 1950).
#pragma once

#include "eio/http.hpp"

#include <string>
#include <string_view>

namespace net {

[[nodiscard]] std::string gzip(std::string_view data);
[[nodiscard]] std::string zlib(std::string_view data);

// Does to the body what `encoding` asks for, and says so in a header. Leaves `identity` behind.
void encode_content(eio::http_response& response);

} // namespace net
