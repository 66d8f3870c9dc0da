// Packets that the application encodes and decodes: frames go out as they are, and what was found
// in those that came is told to the engine. See `packet_engine.py`.
#pragma once

#include "bindings/py_engine.hpp"

namespace bindings {

void bind_custom_packets(pybind11::class_<py_engine>& type);

} // namespace bindings
