// A server with a fake transport, a fake exchange and a fake clock: protocol in, protocol out.
#pragma once

#include "base/log.hpp"
#include "base/sid.hpp"
#include "eio/server.hpp"
#include "eio/session.hpp"
#include "eio/transport.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fake {

using namespace std::chrono_literals;

struct websocket final : eio::transport {
    eio::transport_kind kind() const noexcept override { return eio::transport_kind::websocket; }
    void set_owner(eio::transport_owner* to) noexcept override { owner = to; }
    bool writable() const noexcept override { return takes; }
    void send(std::span<const eio::packet> packets) override {
        ++sends;
        for (const auto& each : packets)
            sent.push_back(
                each.binary ? "<" + std::string(each.data.view()) + ">"
                            : type_character(each.type) + std::string(each.data.view()));
    }
    void pause_reading() override { paused = true; }
    void resume_reading() override { paused = false; }
    void close(eio::close_code code) override { closed = code; }
    eio::door came_by() const noexcept override { return from; }

    eio::transport_owner* owner = nullptr;
    bool takes = true;
    bool paused = false;
    eio::door from = eio::door::listen;
    int sends = 0;
    std::vector<std::string> sent;
    std::optional<eio::close_code> closed;
};

struct exchange final : eio::http_exchange {
    void respond(eio::http_response&& with) override {
        response = std::move(with);
        ++responses;
    }
    void watch(eio::exchange_watcher* by) override { watcher = by; }
    eio::door came_by() const noexcept override { return from; }

    eio::door from = eio::door::listen;
    eio::exchange_watcher* watcher = nullptr;
    std::optional<eio::http_response> response;
    int responses = 0;
};

// What the layer above hears, as lines.
struct application final : eio::handler {
    void on_open(eio::session& opened, base::time_point) override { last = &opened; }
    void on_message(
        eio::session& from, std::string_view data, bool binary, base::time_point now) override {
        heard.push_back((binary ? "<" : "") + std::string(data) + (binary ? ">" : ""));
        if (data == "please close")
            from.close(eio::close_reason::server_disconnect, now);
        if (data == "echo")
            from.send({eio::packet_type::message, false, base::bytes(data)});
        if (count_unhandled)
            from.add_unhandled();
    }
    void on_close(eio::session&, eio::close_reason reason, base::time_point) override {
        closed.push_back(reason);
        last = nullptr;
    }
    eio::session* last = nullptr;
    bool count_unhandled = false;
    std::vector<std::string> heard;
    std::vector<eio::close_reason> closed;
};

struct no_log final : base::log_sink {
    void log(base::log_channel, base::log_level, std::string) override {}
};

struct kept_log final : base::log_sink {
    void log(base::log_channel, base::log_level level, std::string text) override {
        lines.push_back(std::to_string(static_cast<int>(level)) + " " + text);
    }
    std::vector<std::string> lines; // level and text
};

struct world {
    explicit world(eio::config options = {})
        : server(
              options,
              app,
              sids,
              log,
              {.schedule_flush = [] {}, .ask_relay = [this] { ++relay_questions; }}) {}

    static eio::http_request request(std::string query, std::string method = "GET") {
        eio::http_request made;
        made.method = std::move(method);
        made.path = "/socket.io/";
        made.query = std::move(query);
        made.headers = {{"Host", "example.org"}};
        return made;
    }
    std::shared_ptr<exchange> ask(eio::http_request made) {
        auto asked = std::make_shared<exchange>();
        server.on_request(std::move(made), asked, now);
        turn();
        return asked;
    }
    std::shared_ptr<exchange> get(const std::string& sid = {}) {
        return ask(request("EIO=4&transport=polling" + (sid.empty() ? "" : "&sid=" + sid)));
    }
    std::shared_ptr<exchange> post(const std::string& sid, std::string body) {
        auto made = request("EIO=4&transport=polling&sid=" + sid, "POST");
        made.body = std::move(body);
        return ask(std::move(made));
    }
    std::string open_polling() {
        (void)get();
        return app.last->sid().str();
    }
    // Nothing when it was refused.
    std::shared_ptr<websocket> open_websocket(const std::string& sid = {}) {
        auto made = request("EIO=4&transport=websocket" + (sid.empty() ? "" : "&sid=" + sid));
        const auto admission = server.admit_websocket(made);
        const auto* ticket = std::get_if<eio::websocket_ticket>(&admission);
        if (!ticket)
            return nullptr;
        auto opened = std::make_shared<websocket>();
        server.attach_websocket(*ticket, std::move(made), opened, now);
        turn();
        return opened;
    }
    void receive(websocket& from, std::string_view data, bool binary = false) {
        if (from.owner)
            from.owner->on_frame(from, data, binary, now);
        turn();
    }
    void turn() {
        while (server.unfinished()) {
            const auto before = app.closed.size();
            server.flush(now);
            if (server.unfinished() && before == app.closed.size() && ++idle_turns > 100)
                break; // something waits for its peer
        }
        idle_turns = 0;
    }
    void pass(base::milliseconds time) {
        now += time;
        server.sweep(now);
        turn();
    }

    void relay_comes_round(int times) {
        for (int i = 0; i < times; ++i)
            server.on_relay_round(now);
        turn();
    }

    application app;
    kept_log log;
    base::sid_source sids;
    base::time_point now{1h};
    int relay_questions = 0;
    int idle_turns = 0;
    eio::server server;
};

} // namespace fake
