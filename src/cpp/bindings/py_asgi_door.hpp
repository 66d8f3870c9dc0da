// What an ASGI server brings to the engine: requests, WebSocket messages, connections to adopt.
#pragma once

#include "bindings/py_engine.hpp"

namespace bindings {

// As `Engine.request_head` has it in `_core.pyi`.
[[nodiscard]] pybind11::dict head_of(const eio::http_request& request);

void bind_asgi_door(pybind11::class_<py_engine>& type);

} // namespace bindings
