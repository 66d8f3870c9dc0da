// The engine as a Python object: posts commands, answers questions, drains events in batches.
#pragma once

#include <pybind11/pybind11.h>

namespace bindings {

void register_engine(pybind11::module_& module);

} // namespace bindings
