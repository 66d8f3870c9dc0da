// What comes by other servers: bridged from ASGI, or handed over.
#include "engine/engine.hpp"
#include "net/asgi_connection.hpp"

#include <utility>

namespace engine {

net::asgi_id engine::new_id(unsigned shard) noexcept {
    return next_id_++ * options_.threads + shard;
}

unsigned engine::shard_of(net::asgi_id id) const noexcept {
    return static_cast<unsigned>(id % options_.threads);
}

net::asgi_id engine::http_begin(eio::http_request head) {
    const auto home = home_of(head);
    const auto id = new_id(home);
    const bool taken = post(home, [id, head = std::move(head)](shard_context& in) {
        in.asgi().http_begin(id, head, in.now());
    });
    return taken ? id : 0;
}

net::asgi_id engine::http_request(net::asgi_id begun, eio::http_request request) {
    const auto home = begun != 0 ? shard_of(begun) : home_of(request);
    const auto id = begun != 0 ? begun : new_id(home);
    const bool taken = post(home, [id, request = std::move(request)](shard_context& in) mutable {
        in.asgi().http_request(id, std::move(request), in.now());
    });
    return taken ? id : 0;
}

void engine::http_abort(net::asgi_id exchange) {
    post(shard_of(exchange), [exchange](shard_context& in) {
        in.asgi().http_abort(exchange, in.now());
    });
}

net::asgi_id engine::ws_open(eio::http_request request) {
    const auto home = home_of(request);
    const auto id = new_id(home);
    const bool taken = post(home, [id, request = std::move(request)](shard_context& in) mutable {
        in.asgi().ws_open(id, std::move(request), in.now());
    });
    return taken ? id : 0;
}

void engine::ws_receive(net::asgi_id connection, std::string data, bool binary) {
    // At once: until the engine has said that it has enough, the bridge reads on.
    post(
        shard_of(connection),
        [connection, data = std::move(data), binary](shard_context& in) {
            in.asgi().ws_receive(connection, data, binary, in.now());
        },
        urgency::now);
}

void engine::ws_sent(net::asgi_id connection, std::size_t bytes) {
    post(shard_of(connection), [connection, bytes](shard_context& in) {
        in.asgi().ws_sent(connection, bytes, in.now());
    });
}

void engine::ws_closed(net::asgi_id connection, bool failed) {
    post(shard_of(connection), [connection, failed](shard_context& in) {
        in.asgi().ws_closed(connection, failed, in.now());
    });
}

void engine::abort_bridged() {
    post_all([](shard_context& in) { in.asgi().abort_all(in.now()); });
}

net::asgi_id engine::adopt(net::descriptor peer, eio::http_request handshake, bool report) {
    const auto home = home_of(handshake);
    const net::asgi_id id = report ? new_id(home) : 0;
    // Owned by the task: one that is never run closes it.
    const bool taken = post(
        home,
        [peer = std::move(peer), handshake = std::move(handshake), id](shard_context& in) mutable {
            in.adopt(std::move(peer), std::move(handshake), id);
        });
    return taken ? id : 0;
}

} // namespace engine
