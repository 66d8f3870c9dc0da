// Notifications of the engine as the tuples that Engine.drain() returns.
#pragma once

#include "bindings/value_codec.hpp"
#include "engine/notification.hpp"

#include <pybind11/pybind11.h>

namespace bindings {

// First item of each tuple; `_core.pyi` says what follows it.
enum class kind : int {
    event,
    connect,
    disconnect,
    ack,
    acks_done,
    session_closed,
    http_response,
    ws_accept,
    ws_reject,
    ws_send,
    ws_close,
    ws_pause,
    ws_resume,
    adopted,
    log,
    opening,
    eio_open,
    eio_message,
    eio_close,
    frame,
    origin,
    room_question,
    stream_cancelled,
    presence,
    yjs,
    recovery,
    refused,
    room_changed,
    request,
    request_withdrawn,
};

// Nothing for Python (a null object) when the notification is the engine's own affair.
// Throws pybind11::error_already_set.
[[nodiscard]] pybind11::object to_python(const engine::notification& told, value_codec& codec);

} // namespace bindings
