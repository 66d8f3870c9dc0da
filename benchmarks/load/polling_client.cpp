#include "load/polling_client.hpp"

#include "load/http_response.hpp"

#include <stdexcept>

namespace load {
namespace {

constexpr char separator = '\x1e';

// The value of "sid" in `0{"sid":"…",…}`.
std::string sid_of(std::string_view open) {
    constexpr std::string_view key = R"("sid":")";
    const auto at = open.find(key);
    const auto start = at == std::string_view::npos ? open.size() : at + key.size();
    return std::string(open.substr(start, open.find('"', start) - start));
}

} // namespace

polling_client::polling_client(
    loop& on, const target& server, const polling_handlers& handlers, std::size_t index)
    : tcp(on, server),
      handlers_(handlers),
      index_(index),
      head_(" HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port) + "\r\n"),
      path_(server.path + "?EIO=4&transport=polling") {
    poll();
}

void polling_client::send(std::string_view packet, bool answered) {
    if (!to_post_.empty()) {
        to_post_ += separator;
    }
    to_post_ += packet;
    awaited_ += answered;
    pump();
}

void polling_client::leave() {
    stage_ = stage::leaving;
    send("1", false);
}

void polling_client::poll() {
    under_way_ = request::poll;
    queue("GET " + path_ + head_ + "\r\n");
}

void polling_client::pump() {
    if (under_way_ != request::none || stage_ == stage::opening || !is_open()) {
        return;
    }
    if (!to_post_.empty()) {
        under_way_ = request::post;
        queue(
            "POST " + path_ + head_ + "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: " +
            std::to_string(to_post_.size()) + "\r\n\r\n" + to_post_);
        to_post_.clear();
    } else if (awaited_ > 0) {
        poll();
    }
}

std::size_t polling_client::on_bytes(std::string_view bytes) {
    std::size_t used = 0;
    while (const auto response = first_response(bytes.substr(used))) {
        used += response->size;
        if (!response->ok) {
            throw std::runtime_error(
                "the server refused: " + std::string(status_line(response->head)) + ", " +
                response->body);
        }
        const auto answered = under_way_;
        under_way_ = request::none;
        if (answered == request::poll) {
            on_body(response->body);
        }
        if (handlers_.response) {
            handlers_.response(*this);
        }
        if (stage_ == stage::leaving && answered == request::post && to_post_.empty()) {
            close();
            on_end();
            return used;
        }
        pump();
    }
    return used;
}

void polling_client::on_end() {
    if (!handlers_.gone) {
        throw std::runtime_error("the server closed a connection");
    }
    handlers_.gone(*this);
}

void polling_client::on_body(std::string_view body) {
    while (!body.empty()) {
        const auto end = body.find(separator);
        on_packet(body.substr(0, end));
        body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    }
}

void polling_client::on_packet(std::string_view packet) {
    if (packet.starts_with('0')) {
        path_ += "&sid=" + sid_of(packet);
        stage_ = stage::joining;
        send("40", true);
    } else if (packet.starts_with("40") && stage_ == stage::joining) {
        stage_ = stage::connected;
        connected_once = true;
        --awaited_;
        if (handlers_.connected) {
            handlers_.connected(*this);
        }
    } else if (packet.starts_with("43") || packet.starts_with("42")) {
        awaited_ -= packet.starts_with("43") && awaited_ > 0;
        if (handlers_.packet) {
            handlers_.packet(*this, packet.substr(1));
        }
    } else if (packet == "2") {
        if (stage_ != stage::leaving) { // a server may ping as soon as a client has joined
            send("3", false);
        }
    } else if (packet != "6" && packet != "1") {
        throw std::runtime_error("unexpected packet: " + std::string(packet));
    }
}

} // namespace load
