#include "bindings/options.hpp"

#include <pybind11/stl.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace bindings {

namespace py = pybind11;

namespace {

using setter = std::function<void(engine::config&, py::handle)>;

template <class Value, class Member>
setter set(Member member) {
    return [member](engine::config& to, py::handle value) { member(to) = value.cast<Value>(); };
}

template <class Member>
setter set_ms(Member member) {
    return [member](engine::config& to, py::handle value) {
        member(to) = std::chrono::milliseconds(value.cast<long long>());
    };
}

sio::packet_format packet_format(const std::string& name) {
    if (name == "json")
        return sio::packet_format::json;
    if (name == "msgpack")
        return sio::packet_format::msgpack;
    if (name == "custom")
        return sio::packet_format::custom;
    throw py::value_error("unknown packet_format '" + name + "'");
}

#define OPTION(path) [](engine::config& to) -> auto& { return to.path; }

const std::map<std::string, setter>& setters() {
    static const std::map<std::string, setter> all{
        {"ping_interval_ms", set_ms(OPTION(eio.ping_interval))},
        {"ping_timeout_ms", set_ms(OPTION(eio.ping_timeout))},
        {"upgrade_timeout_ms", set_ms(OPTION(eio.upgrade_timeout))},
        {"slow_peer_timeout_ms", set_ms(OPTION(eio.slow_peer_timeout))},
        {"connect_timeout_ms",
         [](engine::config& to, py::handle value) {
             to.sio.connect_timeout = std::chrono::milliseconds(value.cast<long long>());
             to.eio.verdict_timeout = to.sio.connect_timeout;
         }},
        {"max_payload_packets", set<std::size_t>(OPTION(eio.max_payload_packets))},
        {"raw", set<bool>(OPTION(raw))},
        {"max_payload_bytes",
         [](engine::config& to, py::handle value) {
             to.eio.max_payload_bytes = value.cast<std::size_t>();
             to.sio.max_attachment_bytes = to.eio.max_payload_bytes;
         }},
        {"send_buffer_bytes", set<std::size_t>(OPTION(eio.send_buffer_bytes))},
        {"max_sessions", set<std::size_t>(OPTION(eio.max_sessions))},
        {"max_connections", set<std::size_t>(OPTION(max_connections))},
        {"allow_upgrades", set<bool>(OPTION(eio.allow_upgrades))},
        {"polling", set<bool>(OPTION(eio.polling))},
        {"websocket", set<bool>(OPTION(eio.websocket))},
        {"monitor_clients", set<bool>(OPTION(eio.monitor_clients))},
        {"http_compression", set<bool>(OPTION(eio.http_compression))},
        {"compression_threshold_bytes", set<std::size_t>(OPTION(eio.compression_threshold_bytes))},
        {"websocket_compression", set<bool>(OPTION(eio.websocket_compression))},
        {"websocket_compression_threshold_bytes",
         set<std::size_t>(OPTION(eio.websocket_compression_threshold_bytes))},
        {"websocket_compression_level", set<int>(OPTION(eio.websocket_compression_level))},
        {"headers",
         [](engine::config& to, py::handle value) {
             to.eio.headers = http_headers(value.cast<header_pairs>());
         }},
        {"cookie_name", set<std::string>(OPTION(eio.cookie_name))},
        {"cookie_attributes", set<std::string>(OPTION(eio.cookie_attributes))},
        {"cors_enabled", set<bool>(OPTION(eio.cors.enabled))},
        {"cors_any_origin", set<bool>(OPTION(eio.cors.any_origin))},
        {"cors_origins", set<std::optional<std::vector<std::string>>>(OPTION(eio.cors.origins))},
        {"cors_credentials", set<bool>(OPTION(eio.cors.credentials))},
        {"cors_ask_application", set<bool>(OPTION(eio.cors.ask_application))},
        {"always_connect", set<bool>(OPTION(sio.always_connect))},
        {"packet_format",
         [](engine::config& to, py::handle value) {
             to.sio.format = packet_format(value.cast<std::string>());
         }},
        {"recovery", set<bool>(OPTION(sio.recovery.on))},
        {"recovery_ms", set_ms(OPTION(sio.recovery.max_disconnection))},
        {"recovery_bytes", set<std::size_t>(OPTION(sio.recovery.max_bytes))},
        {"recovery_total_bytes", set<std::size_t>(OPTION(sio.recovery.max_total_bytes))},
        {"recovery_sessions", set<std::size_t>(OPTION(sio.recovery.max_sessions))},
        {"log_packets", set<bool>(OPTION(eio.verbose))},
        {"log_acks", set<bool>(OPTION(sio.verbose))},
        {"threads", set<unsigned>(OPTION(threads))},
        {"max_attachments", set<std::size_t>(OPTION(sio.max_attachments))},
    };
    return all;
}

#undef OPTION

} // namespace

std::vector<eio::http_header> http_headers(header_pairs&& pairs) {
    std::vector<eio::http_header> made;
    made.reserve(pairs.size());
    for (auto& [name, value] : pairs)
        made.push_back({std::move(name), std::move(value)});
    return made;
}

engine::config read_options(const py::dict& options) {
    engine::config config;
    for (const auto& [key, value] : options) {
        const auto name = key.cast<std::string>();
        const auto found = setters().find(name);
        if (found == setters().end())
            throw py::value_error("unknown engine option '" + name + "'");
        found->second(config, value);
    }
    return config;
}

} // namespace bindings
