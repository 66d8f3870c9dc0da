// Engine.IO without Socket.IO above it: sessions and messages go to the application as they are.
// Belongs to the shard's thread. Behaviour as python-engineio's AsyncServer.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/sid.hpp"
#include "eio/handler.hpp"
#include "eio/packet.hpp"
#include "eio/raw_event.hpp"

#include <string>
#include <string_view>

namespace eio {

class server;

// What the application wants to hear. The end of a session it always does.
struct raw_interest {
    bool decides = false;  // about who is let in
    bool messages = false; // else they end here
};

class raw_server final : public handler {
public:
    // `below` may still be under construction.
    raw_server(server& below, raw_event_sink& sink, base::log_sink& log) noexcept
        : below_(below), sink_(sink), log_(log) {}
    raw_server(const raw_server&) = delete;
    raw_server& operator=(const raw_server&) = delete;

    // --- what the application asks ---
    void set_interest(raw_interest wanted) noexcept { interest_ = wanted; }
    // To a session, or to one that still waits for its verdict. Logged when there is neither.
    void send(std::string_view eio_sid, packet&& outgoing);
    // A verdict. `name`, unless it is empty, is what the client will know as its sid: URL-safe, and
    // no other session's.
    void admit(std::string_view eio_sid, std::string name, base::time_point now);
    // `body` is JSON.
    void refuse(std::string_view eio_sid, int status, std::string body);

    // --- handler ---
    [[nodiscard]] bool decides() const noexcept override { return interest_.decides; }
    void on_applicant(const base::sid& sid, transport_kind kind) override;
    void on_open(session& opened, base::time_point now) override;
    void
    on_message(session& from, std::string_view data, bool binary, base::time_point now) override;
    void on_close(session& closed, close_reason reason, base::time_point now) override;

private:
    server& below_;
    raw_event_sink& sink_;
    base::log_sink& log_;
    raw_interest interest_;
    bool opened_ = false; // since admit() has begun
};

} // namespace eio
