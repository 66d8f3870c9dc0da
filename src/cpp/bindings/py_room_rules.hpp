// Rules of rooms, and statistics, as methods of `Engine`.
#pragma once

#include "bindings/py_engine.hpp"

namespace bindings {

void bind_room_rules(pybind11::class_<py_engine>& type);

} // namespace bindings
