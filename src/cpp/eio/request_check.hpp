// Is this request one that the server may serve? Error codes and sentences as the reference
// server's; CORS as python-engineio's.
#pragma once

#include "eio/config.hpp"
#include "eio/http.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eio {

enum class request_error : std::uint8_t {
    unknown_transport = 0,
    unknown_sid = 1,
    bad_handshake_method = 2,
    bad_request = 3,
    forbidden = 4,
    unsupported_version = 5,
};

// For the log, which tells more apart.
enum class refusal_reason : std::uint8_t {
    origin,
    transport,
    version,
    upgrade,
    session,
    upgraded,
    method,
};

struct request_refusal {
    request_error error = request_error::bad_request;
    refusal_reason reason = refusal_reason::upgrade;
    int status = 400;
};

inline constexpr request_refusal unknown_session{
    request_error::unknown_sid, refusal_reason::session};
inline constexpr request_refusal upgraded_session{
    request_error::bad_request, refusal_reason::upgraded};
inline constexpr request_refusal unknown_method{request_error::bad_request, refusal_reason::method};
inline constexpr request_refusal no_upgrade{request_error::bad_request, refusal_reason::upgrade};

// Told to who wants to hear of them: see door_interest.
struct refused_request {
    request_error error = request_error::bad_request;
    refusal_reason reason = refusal_reason::upgrade;
    std::shared_ptr<const http_request> request; // without its body
};

// The body {"code":n,"message":"..."} with its status: 400, or 403 for a foreign origin. The
// sentence, when given, takes the place of the reference server's.
[[nodiscard]] http_response error_response(
    const http_request& request,
    const cors_config& cors,
    request_error error,
    int status = 400,
    std::string_view sentence = {});

// The query of a request, understood.
struct request_query {
    std::string transport;
    std::optional<std::string> sid;
};

// What is wrong with a request whatever its session: origin, transport, protocol version, method.
// `websocket` tells that the request is a WebSocket handshake. Fills `query` when nothing is.
[[nodiscard]] std::optional<request_refusal> check_request(
    const http_request& request, const config& options, bool websocket, request_query& query);

// A request without an Origin header is from no browser, and allowed.
[[nodiscard]] bool is_origin_allowed(const http_request& request, const cors_config& cors);

// The CORS headers of any response to this request.
[[nodiscard]] std::vector<http_header>
cors_headers(const http_request& request, const cors_config& cors);

} // namespace eio
