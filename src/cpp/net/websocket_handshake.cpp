#include "net/websocket_handshake.hpp"

#include "base/base64.hpp"
#include "net/http_response_head.hpp"

#include <boost/uuid/detail/sha1.hpp>

#include <algorithm>
#include <string_view>

namespace net {

namespace {

constexpr std::size_t key_bytes = 16;

// Whether a comma-separated header, which may come in several lines, names `token`.
bool lists(const eio::http_request& request, std::string_view name, std::string_view token) {
    for (const auto& header : request.headers) {
        if (!eio::equal_ignoring_case(header.name, name))
            continue;
        std::string_view rest = header.value;
        while (!rest.empty()) {
            const auto comma = std::min(rest.find(','), rest.size());
            if (eio::equal_ignoring_case(eio::trimmed(rest.substr(0, comma)), token))
                return true;
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return false;
}

std::string accept_key(std::string_view key) {
    boost::uuids::detail::sha1 hash;
    hash.process_bytes(key.data(), key.size());
    constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // section 1.3
    hash.process_bytes(guid.data(), guid.size());
    boost::uuids::detail::sha1::digest_type digest;
    hash.get_digest(digest);
    std::string bytes;
    // Words in older versions of Boost, bytes since 1.86.
    for (const auto word : digest)
        for (int shift = 8 * (static_cast<int>(sizeof(word)) - 1); shift >= 0; shift -= 8)
            bytes += static_cast<char>(word >> shift);
    std::string text;
    base::append_base64(text, bytes);
    return text;
}

} // namespace

bool wants_websocket(const eio::http_request& request) noexcept {
    return request.method == "GET" && request.http_version != "1.0" &&
           lists(request, "Upgrade", "websocket") && lists(request, "Connection", "upgrade");
}

std::optional<eio::http_response> check_handshake(const eio::http_request& request) {
    if (eio::trimmed(request.header("Sec-WebSocket-Version")) != "13") {
        auto refusal = plain_response(426);
        refusal.headers.push_back({"Sec-WebSocket-Version", "13"});
        return refusal;
    }
    const auto key = eio::trimmed(request.header("Sec-WebSocket-Key"));
    const auto nonce = base::decode_base64(key);
    if (key.size() != 24 || !nonce || nonce->size() != key_bytes || !request.body.empty() ||
        request.body_too_large)
        return plain_response(400);
    return std::nullopt;
}

std::string accept_handshake(
    const eio::http_request& request,
    std::string_view extensions,
    const std::vector<eio::http_header>& headers) {
    eio::http_response response;
    response.status = 101;
    response.headers = {
        {"Upgrade", "websocket"},
        {"Connection", "Upgrade"},
        {"Sec-WebSocket-Accept", accept_key(eio::trimmed(request.header("Sec-WebSocket-Key")))}};
    if (!extensions.empty())
        response.headers.push_back({"Sec-WebSocket-Extensions", std::string(extensions)});
    response.headers.insert(response.headers.end(), headers.begin(), headers.end());
    return response_head(response, true);
}

} // namespace net
