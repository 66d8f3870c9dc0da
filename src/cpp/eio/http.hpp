// HTTP requests and responses as plain values, whichever door they came through.
#pragma once

#include "base/clock.hpp"
#include "base/query.hpp"
#include "base/sid.hpp"
#include "eio/door.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eio {

struct http_header {
    std::string name;
    std::string value;
};

struct http_request {
    std::string method;
    std::string path;  // percent-encoded, as it came
    std::string query; // without '?'
    std::string http_version = "1.1";
    std::vector<http_header> headers; // in order of arrival
    std::string body;
    std::string remote_address; // empty when unknown
    std::uint16_t remote_port = 0;
    std::string local_address;
    std::uint16_t local_port = 0;
    bool secure = false;         // https or wss
    bool body_too_large = false; // above max_payload_bytes: the body was not kept
    // An answer already given by the application's own origin check, else the config decides.
    std::optional<bool> origin_allowed;

    // The first value of a header, its name compared without case; empty when absent.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
    [[nodiscard]] bool has_header(std::string_view name) const noexcept;
};

enum class content_encoding : std::uint8_t { identity, gzip, deflate };

struct http_response {
    int status = 200;
    std::vector<http_header> headers{}; // Content-Type among them; never Content-Length
    std::string body{};
    content_encoding encoding = content_encoding::identity; // for the door to apply to the body
    std::optional<base::sid> opens{};                       // the session that this response opens
};

struct websocket_ticket;

// Told when the peer of a parked request has gone away.
class exchange_watcher {
public:
    virtual ~exchange_watcher() = default;
    virtual void on_peer_gone(base::time_point now) = 0;
};

// One request that waits for its one response. Implemented by every door.
class http_exchange {
public:
    virtual ~http_exchange() = default;
    // Exactly once; after it the exchange must not be used.
    virtual void respond(http_response&& response) = 0;
    // Null to stop watching. `respond` stops it too.
    virtual void watch(exchange_watcher* watcher) = 0;
    // It waits until the application lets it in or respond() refuses it (see gate), which knows it
    // by this id. If it asks for a session, and is let in, that is the session's.
    virtual void await_verdict(const base::sid&) {}
    // A WebSocket handshake that has waited is let in, in the place of respond(): it is answered,
    // and attached to the ticket's session.
    virtual void let_in(const http_request&, const websocket_ticket&, base::time_point) {}
    [[nodiscard]] virtual door came_by() const noexcept = 0;
};

// Whether two header names, or tokens, are equal but for the case of ASCII letters.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

// A header's value, or a part of it, without the blanks around it.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

// What a client that sends this Accept-Encoding takes: gzip before deflate before identity.
[[nodiscard]] content_encoding accepted_encoding(std::string_view accept_encoding) noexcept;

using base::query_parameter;

} // namespace eio
