// The opening handshake of a WebSocket, on the server's side (RFC 6455, 4.2).
#pragma once

#include "eio/http.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace net {

// Whether the request asks to become a WebSocket.
[[nodiscard]] bool wants_websocket(const eio::http_request& request) noexcept;

// For a request that does: the refusal when its handshake is not in order.
[[nodiscard]] std::optional<eio::http_response> check_handshake(const eio::http_request& request);

// The head of the 101 response to a handshake that is in order. `extensions`: those agreed on. With
// these headers too.
[[nodiscard]] std::string accept_handshake(
    const eio::http_request& request,
    std::string_view extensions = {},
    const std::vector<eio::http_header>& headers = {});

} // namespace net
