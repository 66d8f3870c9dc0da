#include "net/asgi_connection.hpp"

#include "net/content_encoding.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace net {

namespace {

eio::http_response failure() {
    return {
        .status = 500,
        .headers = {{"Content-Type", "text/plain"}},
        .body = "Internal Server Error"};
}

} // namespace

class asgi_exchange final : public eio::http_exchange {
public:
    asgi_exchange(asgi_door& door, asgi_id id) : door_(door), id_(id) {}

    void respond(eio::http_response&& response) override {
        door_.add_headers(response.headers);
        encode_content(response);
        watcher_ = nullptr;
        door_.sink_.on_asgi(asgi_response{id_, std::move(response)});
        door_.exchanges_.erase(id_);
    }
    void watch(eio::exchange_watcher* watcher) override { watcher_ = watcher; }
    void await_verdict(const base::sid& opens) override {
        door_.sink_.on_asgi(asgi_opening{id_, opens});
    }
    [[nodiscard]] eio::door came_by() const noexcept override { return eio::door::bridge; }

    void peer_gone(base::time_point now) {
        if (auto* watcher = std::exchange(watcher_, nullptr))
            watcher->on_peer_gone(now);
    }

private:
    asgi_door& door_;
    asgi_id id_;
    eio::exchange_watcher* watcher_ = nullptr;
};

// A WebSocket handshake that waits for the application's verdict.
class asgi_handshake final : public eio::http_exchange {
public:
    asgi_handshake(asgi_door& door, asgi_id id) : door_(door), id_(id) {}

    void respond(eio::http_response&& response) override {
        watcher_ = nullptr;
        door_.add_headers(response.headers);
        door_.sink_.on_asgi(asgi_reject{id_, std::move(response)});
        door_.handshakes_.erase(id_);
    }
    void watch(eio::exchange_watcher* watcher) override { watcher_ = watcher; }
    void await_verdict(const base::sid& opens) override {
        door_.sink_.on_asgi(asgi_opening{id_, opens});
    }
    void let_in(
        const eio::http_request& request,
        const eio::websocket_ticket& ticket,
        base::time_point now) override {
        watcher_ = nullptr;
        auto& door = door_;
        const auto id = id_;
        door.handshakes_.erase(id);
        door.attach(id, ticket, request, now);
    }
    [[nodiscard]] eio::door came_by() const noexcept override { return eio::door::bridge; }

    void peer_gone(base::time_point now) {
        if (auto* watcher = std::exchange(watcher_, nullptr))
            watcher->on_peer_gone(now);
    }

private:
    asgi_door& door_;
    asgi_id id_;
    eio::exchange_watcher* watcher_ = nullptr;
};

class asgi_websocket final : public eio::transport {
public:
    asgi_websocket(asgi_door& door, asgi_id id) : door_(door), id_(id) {}

    [[nodiscard]] eio::transport_kind kind() const noexcept override {
        return eio::transport_kind::websocket;
    }
    [[nodiscard]] eio::door came_by() const noexcept override { return eio::door::bridge; }
    void set_owner(eio::transport_owner* owner) noexcept override { owner_ = owner; }
    // A window instead of a socket buffer: what the application's loop has not passed on yet.
    [[nodiscard]] bool writable() const noexcept override { return in_flight_ < send_window; }

    void send(std::span<const eio::packet> packets) override {
        for (const auto& packet : packets) {
            in_flight_ += packet.data.size() + (packet.binary ? 0 : 1);
            door_.sink_.on_asgi(
                asgi_send{
                    id_,
                    packet.binary ? std::nullopt : std::optional(type_character(packet.type)),
                    packet.data});
        }
    }
    void pause_reading() override { door_.sink_.on_asgi(asgi_pause{id_, true}); }
    void resume_reading() override { door_.sink_.on_asgi(asgi_pause{id_, false}); }
    void close(eio::close_code code) override {
        owner_ = nullptr;
        door_.sink_.on_asgi(asgi_close{id_, code});
        door_.websockets_.erase(id_);
    }

    void receive(std::string_view data, bool binary, base::time_point now) {
        if (!owner_)
            return;
        if (data.size() > door_.server_.options().max_payload_bytes) {
            // The session would close with a code of its own; this one says what was wrong.
            auto* owner = std::exchange(owner_, nullptr);
            const auto self = door_.websockets_.at(id_);
            close(eio::close_code::message_too_big);
            owner->on_transport_closed(*this, true, now);
        } else {
            owner_->on_frame(*this, data, binary, now);
        }
    }
    void sent(std::size_t bytes, base::time_point now) {
        const bool was_writable = writable();
        in_flight_ -= std::min(bytes, in_flight_);
        if (owner_ && !was_writable && writable())
            owner_->on_writable(*this, now);
    }
    void peer_gone(bool failed, base::time_point now) {
        if (auto* owner = std::exchange(owner_, nullptr))
            owner->on_transport_closed(*this, failed, now);
    }

private:
    static constexpr std::size_t send_window = 256 * 1024;

    asgi_door& door_;
    asgi_id id_;
    eio::transport_owner* owner_ = nullptr;
    std::size_t in_flight_ = 0;
};

asgi_door::~asgi_door() = default;

void asgi_door::http_begin(asgi_id exchange, const eio::http_request& head, base::time_point now) {
    try {
        const auto begun = std::make_shared<asgi_exchange>(*this, exchange);
        exchanges_.emplace(exchange, begun);
        server_.on_request_begun(head, *begun, now);
    } catch (...) {
        http_abort(exchange, now); // http_request() begins again
        throw;
    }
}

void asgi_door::http_request(asgi_id exchange, eio::http_request&& request, base::time_point now) {
    try {
        auto& opened = exchanges_[exchange]; // begun already, perhaps
        if (!opened)
            opened = std::make_shared<asgi_exchange>(*this, exchange);
        server_.on_request(std::move(request), std::shared_ptr(opened), now);
    } catch (...) {
        http_abort(exchange, now);
        sink_.on_asgi(
            asgi_response{exchange, failure()}); // perhaps a second one, which nobody minds
        throw;
    }
}

void asgi_door::http_abort(asgi_id exchange, base::time_point now) {
    if (auto node = exchanges_.extract(exchange); node && node.mapped())
        node.mapped()->peer_gone(now);
}

void asgi_door::ws_open(asgi_id connection, eio::http_request&& request, base::time_point now) {
    try {
        admit(connection, std::move(request), now);
    } catch (...) {
        ws_closed(connection, true, now);
        sink_.on_asgi(asgi_reject{connection, failure()});
        throw;
    }
}

void asgi_door::admit(asgi_id connection, eio::http_request&& request, base::time_point now) {
    auto admission = server_.admit_websocket(request);
    if (auto* refusal = std::get_if<eio::http_response>(&admission)) {
        add_headers(refusal->headers);
        sink_.on_asgi(asgi_reject{connection, std::move(*refusal)});
        return;
    }
    if (std::holds_alternative<eio::verdict_needed>(admission)) {
        const auto waiting = std::make_shared<asgi_handshake>(*this, connection);
        handshakes_.emplace(connection, waiting);
        return server_.await_verdict(std::move(request), waiting, now);
    }
    attach(connection, std::get<eio::websocket_ticket>(admission), request, now);
}

void asgi_door::attach(
    asgi_id connection,
    const eio::websocket_ticket& ticket,
    const eio::http_request& request,
    base::time_point now) {
    const auto opened = std::make_shared<asgi_websocket>(*this, connection);
    websockets_.emplace(connection, opened);
    const auto sid = server_.attach_websocket(ticket, request, opened, now);
    // The session's first frames are queued for the end of the turn: behind this. No sid
    // means that the connection has been closed instead.
    if (!sid)
        return;
    auto headers = ticket.headers;
    add_headers(headers);
    sink_.on_asgi(asgi_accept{connection, *sid, std::move(headers)});
}

void asgi_door::add_headers(std::vector<eio::http_header>& to) const {
    std::ranges::copy(server_.options().headers, std::back_inserter(to));
}

void asgi_door::ws_receive(
    asgi_id connection, std::string_view data, bool binary, base::time_point now) {
    if (const auto found = websockets_.find(connection); found != websockets_.end()) {
        const auto receiver = found->second; // may close itself and leave the table
        try {
            receiver->receive(data, binary, now);
        } catch (...) {
            ws_closed(connection, true, now);
            sink_.on_asgi(asgi_close{connection, eio::close_code::internal_error});
            throw;
        }
    }
}

void asgi_door::ws_sent(asgi_id connection, std::size_t bytes, base::time_point now) {
    if (const auto found = websockets_.find(connection); found != websockets_.end())
        found->second->sent(bytes, now);
}

void asgi_door::ws_closed(asgi_id connection, bool failed, base::time_point now) {
    if (auto node = handshakes_.extract(connection))
        return node.mapped()->peer_gone(now);
    if (auto node = websockets_.extract(connection))
        node.mapped()->peer_gone(failed, now);
}

void asgi_door::abort_all(base::time_point now) {
    for (const auto& [id, gone] : std::exchange(exchanges_, {}))
        gone->peer_gone(now);
    for (const auto& [id, gone] : std::exchange(handshakes_, {}))
        gone->peer_gone(now);
    for (const auto& [id, gone] : std::exchange(websockets_, {}))
        gone->peer_gone(true, now);
}

} // namespace net
