// Shared documents, for Python.
#pragma once

#include "bindings/py_engine.hpp"

namespace bindings {

void bind_yjs(pybind11::class_<py_engine>& type);

} // namespace bindings
