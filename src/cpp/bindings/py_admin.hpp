// What an administrator is shown, for Python.
#pragma once

#include "bindings/py_engine.hpp"

namespace bindings {

void bind_admin(pybind11::class_<py_engine>& type);

} // namespace bindings
