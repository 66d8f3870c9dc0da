// What the application of a raw Engine.IO server is told, and the sink that it goes to.
#pragma once

#include "base/sid.hpp"
#include "eio/close_reason.hpp"
#include "eio/transport.hpp"

#include <string>
#include <variant>

namespace eio {

// Somebody wants a session, and waits for raw_server::admit() or refuse().
struct raw_open {
    base::sid eio_sid;
    transport_kind transport = transport_kind::polling;
};

struct raw_message {
    base::sid eio_sid;
    std::string data;
    bool binary = false;
};

// Once for every session; and for each that was admitted and whose peer had gone by then.
struct raw_close {
    base::sid eio_sid;
    close_reason reason = close_reason::transport_close;
    transport_kind transport = transport_kind::polling;
};

using raw_event = std::variant<raw_open, raw_message, raw_close>;

class raw_event_sink {
public:
    virtual ~raw_event_sink() = default;
    virtual void on_raw_event(raw_event&& told) = 0;
};

} // namespace eio
