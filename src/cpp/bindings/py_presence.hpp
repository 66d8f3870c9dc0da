// The class Presence of _core.
#pragma once

#include <pybind11/pybind11.h>

namespace bindings {

void register_presence(pybind11::module_& module);

} // namespace bindings
