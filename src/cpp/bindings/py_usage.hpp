// The meter for Python, and what an engine does with it.
#pragma once

#include "bindings/py_engine.hpp"

namespace bindings {

void register_usage_meter(pybind11::module_& module);
void bind_usage(pybind11::class_<py_engine>& type);

} // namespace bindings
