// What a raw Engine.IO server asks of the engine: verdicts, packets.
#pragma once

#include "bindings/py_engine.hpp"

namespace bindings {

void bind_raw(pybind11::class_<py_engine>& type);

} // namespace bindings
