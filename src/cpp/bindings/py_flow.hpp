// Limits, repeated events, thinned emits, replay and streams, as methods of `Engine`.
#pragma once

#include "bindings/py_engine.hpp"

namespace bindings {

void bind_flow(pybind11::class_<py_engine>& type);

} // namespace bindings
