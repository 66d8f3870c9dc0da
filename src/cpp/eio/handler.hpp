// What a session tells the layer above.
#pragma once

#include "base/clock.hpp"
#include "base/sid.hpp"
#include "eio/close_reason.hpp"
#include "eio/transport.hpp"

#include <string_view>

namespace eio {

class session;

class handler {
public:
    virtual ~handler() = default;
    // Whether a request for a new session waits for a verdict: on_applicant() is then followed,
    // some time, by server::admit() or server::refuse().
    [[nodiscard]] virtual bool decides() const noexcept { return false; }
    virtual void on_applicant(const base::sid&, transport_kind) {}
    virtual void on_open(session& opened, base::time_point now) = 0;
    virtual void
    on_message(session& from, std::string_view data, bool binary, base::time_point now) = 0;
    // A ping has been queued behind what was sent so far; its pong has come.
    virtual void on_ping(session&) {}
    virtual void on_pong(session&) {}
    // All that was queued has been sent, see session::tell_when_sent().
    virtual void on_sent(session&) {}
    // The last call for this session; the reference is good until it returns.
    virtual void on_close(session& closed, close_reason reason, base::time_point now) = 0;
};

} // namespace eio
