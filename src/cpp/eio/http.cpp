#include "eio/http.hpp"

#include <algorithm>

namespace eio {

namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// "gzip;q=0" refuses gzip (RFC 9110, 12.4.2).
bool refused(std::string_view parameters) noexcept {
    const auto q = parameters.find("q=");
    if (q == parameters.npos)
        return false;
    const auto weight = parameters.substr(q + 2);
    return weight.starts_with('0') && weight.find_first_of("123456789") == weight.npos;
}

} // namespace

std::string_view trimmed(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(" \t");
    if (first == text.npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view http_request::header(std::string_view name) const noexcept {
    for (const auto& header : headers)
        if (equal_ignoring_case(header.name, name))
            return header.value;
    return {};
}

bool http_request::has_header(std::string_view name) const noexcept {
    return std::ranges::any_of(
        headers, [&](const auto& header) { return equal_ignoring_case(header.name, name); });
}

content_encoding accepted_encoding(std::string_view accept_encoding) noexcept {
    content_encoding best = content_encoding::identity;
    while (!accept_encoding.empty()) {
        const auto comma = std::min(accept_encoding.find(','), accept_encoding.size());
        const auto item = accept_encoding.substr(0, comma);
        accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
        const auto semicolon = std::min(item.find(';'), item.size());
        const auto name = trimmed(item.substr(0, semicolon));
        if (refused(item.substr(semicolon)))
            continue;
        if (equal_ignoring_case(name, "gzip"))
            return content_encoding::gzip;
        if (equal_ignoring_case(name, "deflate"))
            best = content_encoding::deflate;
    }
    return best;
}

} // namespace eio
