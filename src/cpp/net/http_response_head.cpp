#include "net/http_response_head.hpp"

#include <algorithm>

namespace net {

namespace {

bool fits_a_line(std::string_view text) noexcept {
    return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool is_field_name(std::string_view name) noexcept {
    return !name.empty() &&
           std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f' && c != ':'; });
}

} // namespace

std::string response_head(const eio::http_response& response, bool keep_alive) {
    std::string head;
    head.reserve(512); // in one piece, with room for a cookie
    head += "HTTP/1.1 ";
    head += std::to_string(response.status);
    head += ' ';
    head += reason_phrase(response.status);
    head += "\r\n";
    const auto add = [&head](std::string_view name, std::string_view value) {
        head += name;
        head += ": ";
        head += value;
        head += "\r\n";
    };
    for (const auto& [name, value] : response.headers)
        if (is_field_name(name) && fits_a_line(value))
            add(name, value);
    const bool bodiless = response.status < 200 || response.status == 204;
    if (!bodiless)
        add("Content-Length", std::to_string(response.body.size()));
    // Said in both cases: a client of HTTP/1.0 closes unless it is told not to.
    if (response.status >= 200)
        add("Connection", keep_alive ? "keep-alive" : "close");
    head += "\r\n";
    return head;
}

eio::http_response plain_response(int status) {
    eio::http_response response;
    response.status = status;
    response.headers.push_back({"Content-Type", "text/plain"});
    response.body = reason_phrase(status);
    return response;
}

std::string_view reason_phrase(int status) noexcept {
    switch (status) {
    case 101:
        return "Switching Protocols";
    case 200:
        return "OK";
    case 204:
        return "No Content";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 417:
        return "Expectation Failed";
    case 426:
        return "Upgrade Required";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    default:
        return status < 400 ? "OK" : "Error";
    }
}

} // namespace net
