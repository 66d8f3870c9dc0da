// One feature above a Socket.IO server with fake transports.
#pragma once

#include "features/feature.hpp"
#include "sio/module.hpp"
#include "sio/room_api.hpp"
#include "sio/world.hpp"

#include <string>
#include <string_view>

namespace fake {

struct rooms_of_server final : sio::room_api {
    explicit rooms_of_server(sio::server& of) : server(of) {}
    void
    emit(std::string_view nsp, const sio::selection& whom, const sio::arguments& args) override {
        server.emit(nsp, whom, args, 0);
    }
    void send_ack(
        std::string_view sid,
        std::string_view nsp,
        std::uint64_t id,
        const sio::arguments& args) override {
        server.send_ack(sid, nsp, id, args);
    }
    void enter_room(std::string_view sid, std::string_view nsp, std::string_view room) override {
        (void)server.enter_room(sid, nsp, room);
    }
    void leave_room(std::string_view sid, std::string_view nsp, std::string_view room) override {
        server.leave_room(sid, nsp, room);
    }
    void disconnect(std::string_view sid, std::string_view nsp) override {
        server.disconnect(sid, nsp);
    }
    sio::server& server;
};

struct feature_world : sio_world, sio::module {
    feature_world() { sio.use(*this); }

    // A client that has joined "/", whose request had this query.
    std::shared_ptr<websocket> visit(const std::string& query = {}) {
        auto opened = std::make_shared<websocket>();
        eio.attach_websocket({}, world::request("EIO=4&transport=websocket&" + query), opened, now);
        turn();
        receive(*opened, "40");
        (void)app.take();
        opened->sent.clear();
        sio.accept(app.sids.back(), "/");
        turn();
        opened->sent.erase(opened->sent.begin()); // the answer to its connect
        return opened;
    }
    [[nodiscard]] std::string last_sid() const { return app.sids.back(); }
    [[nodiscard]] bool in_room(std::string_view sid, std::string_view room) const {
        return sio::peer(*sio.find(sid, "/")).in_room(room);
    }
    // And what it is sent by then.
    std::string tell(websocket& from, std::string_view packet) {
        from.sent.clear();
        receive(from, packet);
        return sent(from);
    }
    static std::string sent(websocket& to) {
        std::string all;
        for (const auto& each : to.sent)
            all += each;
        to.sent.clear();
        return all;
    }
    void pass(base::clock::duration by) {
        now += by;
        feature->sweep(now);
        turn();
    }

    void on_join(const sio::peer& who) override {
        if (feature)
            feature->on_join(who, now);
    }
    void on_leave(const sio::peer& who) override {
        if (feature)
            feature->on_leave(who, now);
    }
    bool on_event(
        const sio::peer& from,
        std::string_view name,
        std::optional<std::uint64_t> id,
        sio::arguments& args) override {
        return feature && feature->on_event(from, name, id, args, now);
    }
    void on_reply(const sio::peer& to, std::uint64_t id, const sio::arguments& args) override {
        if (feature)
            feature->on_reply(to, id, args);
    }

    rooms_of_server rooms{sio};
    features::feature* feature = nullptr;
};

} // namespace fake
