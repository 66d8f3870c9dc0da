// Emits, acks, who is let in and who has to go, and rooms, for Python.
#pragma once

#include "bindings/py_engine.hpp"

namespace bindings {

void bind_commands(pybind11::class_<py_engine>& type);
void bind_rooms(pybind11::class_<py_engine>& type);

} // namespace bindings
