// What an administrator is shown: the engine's counters, and sockets one by one.
#pragma once

#include "eio/http.hpp"
#include "eio/traffic.hpp"
#include "sio/recovery_figures.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine {

// Of all shards together.
struct admin_statistics {
    eio::traffic traffic;
    std::size_t sessions = 0;
    std::vector<std::pair<std::string, std::size_t>> sockets; // of each namespace that has any
    std::optional<sio::recovery_figures> recovery{};          // with the option
};

// One client in one namespace.
struct socket_details {
    std::string sid;
    std::string eio_sid;
    std::string_view transport; // a literal
    std::vector<std::string> rooms;
    eio::http_request request;        // that opened its session
    std::chrono::milliseconds age{0}; // of its session
};

} // namespace engine
