// What an Engine.IO server may be told; set once, before the first session.
#pragma once

#include "eio/http.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace eio {

struct cors_config {
    bool enabled = true;     // false: no origin is checked, no header is added
    bool any_origin = false; // '*'
    // Allowed origins, or nothing: the origin of the request itself ("same origin").
    std::optional<std::vector<std::string>> origins;
    bool credentials = true;
    bool ask_application = false; // about each origin that it has not decided about yet
};

struct config {
    std::chrono::milliseconds ping_interval{25'000};   // protocol default
    std::chrono::milliseconds ping_timeout{20'000};    // protocol default
    std::chrono::milliseconds upgrade_timeout{10'000}; // engine.io's upgradeTimeout
    std::chrono::milliseconds verdict_timeout{45'000}; // for the application to let one in: 503
    std::size_t max_payload_bytes = 1'000'000; // maxHttpBufferSize; also a WebSocket message
    std::size_t max_payload_packets = 1'000;   // in one polling body; beyond: 400 and close
    std::size_t send_buffer_bytes = 1 << 20;   // past it a peer counts as slow
    std::chrono::milliseconds slow_peer_timeout{5'000}; // slow for so long: the session is closed
    std::size_t max_sessions = 0;                       // 0: no limit; beyond: 503
    bool allow_upgrades = true;
    bool monitor_clients = true; // false: a missing pong closes nothing
    bool polling = true;
    bool websocket = true;
    bool http_compression = true;
    std::size_t compression_threshold_bytes = 1024;
    bool websocket_compression = false; // permessage-deflate, of who offers it
    std::size_t websocket_compression_threshold_bytes = 1024;
    int websocket_compression_level = 6; // 1 to 9
    std::string cookie_name;             // empty: no cookie
    std::string cookie_attributes;       // "; path=/; SameSite=Lax", after the value
    std::vector<http_header> headers;    // of every response, behind our own
    cors_config cors;
    bool verbose = false; // lines at level INFO: each packet, each request refused
};

} // namespace eio
