// A Socket.IO server over real Engine.IO sessions with fake transports.
#pragma once

#include "eio/world.hpp"
#include "sio/server.hpp"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace fake {

// What the application is told, as lines: "connect S1 / {}", "event S1 / [\"a\"] 7" …
// Sids are named S1, S2 … in the order of their first appearance.
struct told final : sio::event_sink {
    void on_event(sio::server_event&& event) override { std::visit(*this, event); }
    void operator()(const sio::connect_event& e) {
        asked_about = e.sid.str();
        lines.push_back("connect " + name(e.sid) + " " + e.nsp + " " + e.auth);
    }
    void operator()(const sio::message_event& e) {
        auto line = "event " + name(e.sid) + " " + e.nsp + " " + e.args.json;
        for (const auto& each : e.args.attachments)
            line += " <" + std::string(each.view()) + ">";
        if (e.ack_id)
            line += " " + std::to_string(*e.ack_id);
        lines.push_back(line);
    }
    void operator()(const sio::ack_event& e) {
        lines.push_back("ack " + std::to_string(e.token) + " " + e.args.json);
    }
    void operator()(const sio::acks_done_event& e) {
        lines.push_back("acks done " + std::to_string(e.token));
    }
    void operator()(const sio::disconnect_event& e) {
        lines.push_back(
            "disconnect " + name(e.sid) + " " + e.nsp + " " + std::string(to_string(e.reason)));
    }
    void operator()(const sio::recovery_event& e) {
        constexpr const char* steps[] = {"kept ", "resumed ", "expired "};
        lines.push_back(steps[static_cast<int>(e.step)] + name(e.sid) + " " + e.nsp);
    }
    void operator()(const sio::session_closed_event&) { lines.emplace_back("session closed"); }
    void operator()(const sio::frame_event& e) {
        lines.push_back("frame " + (e.binary ? "<" + e.data + ">" : e.data));
        frame_from = e.eio_sid.str();
    }

    void operator()(const sio::room_event& e) {
        const auto room = std::ranges::find(sids, e.room) == sids.end() ? e.room : name(e.room);
        lines.push_back((e.joined ? "in " : "out ") + name(e.sid) + " " + e.nsp + " " + room);
    }

    std::string name(std::string_view sid) {
        const auto found = std::find(sids.begin(), sids.end(), sid);
        if (found == sids.end()) {
            sids.emplace_back(sid);
            return "S" + std::to_string(sids.size());
        }
        return "S" + std::to_string(found - sids.begin() + 1);
    }
    std::vector<std::string> take() { return std::exchange(lines, {}); }

    std::vector<std::string> sids;
    std::vector<std::string> lines;
    std::string frame_from;  // the Engine.IO sid of the last frame
    std::string asked_about; // the sid of the last connect
};

struct sio_world {
    explicit sio_world(sio::config options = {})
        : sio(options, app, log, sids),
          eio({}, sio, sids, log, {.schedule_flush = [] {}, .ask_relay = [] {}}) {
        ::sio::interest wanted;
        wanted.everything = true;
        wanted.namespaces = {"/", "/chat"};
        sio.set_interest(wanted);
    }
    std::shared_ptr<websocket> open() {
        auto opened = std::make_shared<websocket>();
        eio.attach_websocket({}, world::request("EIO=4&transport=websocket"), opened, now);
        turn();
        opened->sent.clear();
        return opened;
    }
    // A client that has joined the namespace, and its sid.
    std::pair<std::shared_ptr<websocket>, std::string> join(const std::string& nsp = "/") {
        auto opened = open();
        receive(*opened, nsp == "/" ? "40" : "40" + nsp + ",");
        (void)app.take();
        const auto sid = app.sids.back();
        sio.accept(sid, nsp);
        turn();
        opened->sent.clear();
        return {opened, sid};
    }
    void receive(websocket& from, std::string_view data, bool binary = false) {
        if (from.owner)
            from.owner->on_frame(from, data, binary, now);
        turn();
    }
    void turn() {
        for (int i = 0; i < 10 && eio.unfinished(); ++i)
            eio.flush(now);
    }
    void emit(
        const std::string& json,
        sio::selection whom,
        sio::ack_token token = 0,
        std::string nsp = "/") {
        sio.emit(nsp, whom, {json, {}}, token);
        turn();
    }

    told app;
    no_log log;
    base::sid_source sids;
    base::time_point now{1h};
    ::sio::server sio;
    ::eio::server eio;
};

} // namespace fake
