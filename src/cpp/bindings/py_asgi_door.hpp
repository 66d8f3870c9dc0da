// What an ASGI server brings to the engine: requests, WebSocket messages, connections to adopt.
#pragma once

#include "bindings/py_engine.hpp"

namespace bindings {

void bind_asgi_door(pybind11::class_<py_engine>& type);

} // namespace bindings
