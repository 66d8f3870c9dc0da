#include "load/websocket_client.hpp"

#include "load/http_response.hpp"

#include <stdexcept>

namespace load {

websocket_client::websocket_client(
    loop& on, const target& server, const websocket_handlers& handlers, std::size_t index)
    : tcp(on, server),
      handlers_(handlers),
      index_(index),
      connect_(server.bare ? "" : text_frame(server.nsp == "/" ? "40" : "40" + server.nsp + ",")) {
    queue(
        "GET " + server.path +
        "?EIO=4&transport=websocket HTTP/1.1\r\n"
        "Host: 127.0.0.1:" +
        std::to_string(server.port) +
        "\r\n"
        "Connection: Upgrade\r\n"
        "Upgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: bG9hZCBnZW5lcmF0b3IhIQ==\r\n\r\n");
}

void websocket_client::leave() {
    static const std::string bye = [] {
        std::string bytes;
        append_frame(bytes, opcode::close, "\x03\xe8"); // 1000, normal closure
        return bytes;
    }();
    stage_ = stage::leaving;
    send(bye);
}

std::size_t websocket_client::on_bytes(std::string_view bytes) {
    std::size_t used = 0;
    if (stage_ == stage::upgrading) {
        used = take_handshake(bytes);
        if (used == 0) {
            return 0;
        }
    }
    while (const auto one = first_frame(bytes.substr(used))) {
        used += one->size;
        switch (one->type) {
        case opcode::text:
            on_text(one->payload);
            break;
        case opcode::pong:
            if (handlers_.pong) {
                handlers_.pong(*this, one->payload);
            }
            break;
        case opcode::ping: {
            std::string answer;
            append_frame(answer, opcode::pong, one->payload);
            send(answer);
            break;
        }
        case opcode::close:
            close();
            on_end();
            return used;
        case opcode::binary:
            on_binary(one->payload);
            break;
        }
    }
    return used;
}

void websocket_client::on_end() {
    if (!handlers_.gone) {
        throw std::runtime_error("the server closed a connection");
    }
    handlers_.gone(*this);
}

std::size_t websocket_client::take_handshake(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        return 0;
    }
    if (!bytes.starts_with("HTTP/1.1 101")) {
        throw std::runtime_error("the server refused: " + std::string(status_line(bytes)));
    }
    stage_ = stage::opening;
    if (connect_.empty()) {
        on_connected();
    }
    return end + 4;
}

void websocket_client::on_connected() {
    stage_ = stage::connected;
    connected_once = true;
    if (handlers_.connected) {
        handlers_.connected(*this);
    }
}

void websocket_client::on_binary(std::string_view bytes) {
    if (!handlers_.binary) {
        throw std::runtime_error("a binary frame: this scenario asks for none");
    }
    handlers_.binary(*this, bytes);
}

void websocket_client::on_text(std::string_view packet) {
    static const auto pong = text_frame("3");
    if (packet.starts_with('4')) {
        packet.remove_prefix(1);
        if (stage_ == stage::opening && packet.starts_with('0')) {
            return on_connected();
        }
        acks += packet.starts_with('3');
        if (handlers_.packet) {
            handlers_.packet(*this, packet);
        }
    } else if (packet.starts_with('2')) {
        if (handlers_.heartbeat) {
            handlers_.heartbeat(*this);
        }
        send(pong);
    } else if (packet.starts_with('0')) {
        send(connect_);
    } else if (packet != "6" && packet != "1") { // noop; close, which the socket's end follows
        throw std::runtime_error("unexpected packet: " + std::string(packet));
    }
}

} // namespace load
