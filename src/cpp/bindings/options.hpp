// The options dict of Engine(...) -> engine::config.
#pragma once

#include "engine/config.hpp"

#include <pybind11/pybind11.h>

namespace bindings {

// Throws pybind11::value_error that names an unknown key, pybind11::cast_error on a wrong type.
[[nodiscard]] engine::config read_options(const pybind11::dict& options);

} // namespace bindings
