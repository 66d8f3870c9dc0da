#include "eio/request_check.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace eio {

namespace {

constexpr std::array<std::string_view, 6> sentences{
    "Transport unknown",
    "Session ID unknown",
    "Bad handshake method",
    "Bad request",
    "Forbidden",
    "Unsupported protocol version",
};

std::string_view first_of_list(std::string_view value) {
    value = value.substr(0, value.find(','));
    while (value.ends_with(' '))
        value.remove_suffix(1);
    return value;
}

// "Same origin", also as a proxy in front sees it.
bool is_own_origin(const http_request& request, std::string_view origin) {
    const auto host = request.header("Host");
    if (host.empty())
        return false;
    const auto is_origin = [&](std::string_view scheme, std::string_view authority) {
        return origin.size() == scheme.size() + 3 + authority.size() &&
               origin.starts_with(scheme) && origin.substr(scheme.size(), 3) == "://" &&
               origin.ends_with(authority);
    };
    const std::string_view scheme = request.secure ? "https" : "http";
    if (is_origin(scheme, host))
        return true;
    const auto forwarded_scheme = first_of_list(request.header("X-Forwarded-Proto"));
    const auto forwarded_host = first_of_list(request.header("X-Forwarded-Host"));
    if (forwarded_scheme.empty() && forwarded_host.empty())
        return false;
    return is_origin(
        forwarded_scheme.empty() ? scheme : forwarded_scheme,
        forwarded_host.empty() ? host : forwarded_host);
}

} // namespace

bool is_origin_allowed(const http_request& request, const cors_config& cors) {
    const auto origin = request.header("Origin");
    if (!cors.enabled || origin.empty())
        return true;
    if (request.origin_allowed)
        return *request.origin_allowed;
    if (cors.any_origin)
        return true;
    if (cors.origins)
        return std::ranges::find(*cors.origins, origin) != cors.origins->end();
    return is_own_origin(request, origin);
}

std::vector<http_header> cors_headers(const http_request& request, const cors_config& cors) {
    std::vector<http_header> headers;
    headers.reserve(8); // with those that are added to any response
    if (!cors.enabled)
        return headers;
    const auto origin = request.header("Origin");
    if (!origin.empty() && is_origin_allowed(request, cors)) {
        headers.push_back({"Access-Control-Allow-Origin", std::string(origin)});
        headers.push_back({"Vary", "Origin"});
    }
    if (request.method == "OPTIONS")
        headers.push_back({"Access-Control-Allow-Methods", "OPTIONS, GET, POST"});
    if (const auto wanted = request.header("Access-Control-Request-Headers"); !wanted.empty())
        headers.push_back({"Access-Control-Allow-Headers", std::string(wanted)});
    if (cors.credentials)
        headers.push_back({"Access-Control-Allow-Credentials", "true"});
    return headers;
}

http_response error_response(
    const http_request& request,
    const cors_config& cors,
    request_error error,
    int status,
    std::string_view sentence) {
    const auto code = static_cast<std::size_t>(error);
    if (sentence.empty())
        sentence = sentences[code];
    http_response response{.status = status, .headers = cors_headers(request, cors)};
    response.headers.push_back({"Content-Type", "application/json"});
    response.body = "{\"code\":" + std::to_string(code) + ",\"message\":\"";
    response.body += sentence;
    response.body += "\"}";
    return response;
}

std::optional<request_refusal> check_request(
    const http_request& request, const config& options, bool websocket, request_query& query) {
    if (!is_origin_allowed(request, options.cors))
        return request_refusal{request_error::forbidden, refusal_reason::origin, 403};

    query.transport = query_parameter(request.query, "transport").value_or("");
    const bool known = (query.transport == "polling" && options.polling) ||
                       (query.transport == "websocket" && options.websocket);
    if (!known)
        return request_refusal{request_error::unknown_transport, refusal_reason::transport};
    query.sid = query_parameter(request.query, "sid");
    const auto version = query_parameter(request.query, "EIO");
    if (query.sid) {
        // A session of ours speaks version 4; a client that names another is confused.
        if (version && *version != "4")
            return request_refusal{request_error::bad_request, refusal_reason::version};
        return std::nullopt;
    }
    if (version != "4")
        return request_refusal{request_error::unsupported_version, refusal_reason::version};
    if (request.method == "POST")
        return request_refusal{request_error::bad_handshake_method, refusal_reason::session};
    if (request.method != "GET")
        return request_refusal{request_error::bad_handshake_method, refusal_reason::method};
    if ((query.transport == "websocket") != websocket)
        return request_refusal{request_error::bad_request, refusal_reason::upgrade};
    return std::nullopt;
}

} // namespace eio
