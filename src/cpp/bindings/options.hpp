// The options dict of Engine(...) -> engine::config.
#pragma once

#include "engine/config.hpp"

#include <pybind11/pybind11.h>

#include <string>
#include <utility>
#include <vector>

namespace bindings {

// As Python has them: names and values, both checked there.
using header_pairs = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::vector<eio::http_header> http_headers(header_pairs&& pairs);

// Throws pybind11::value_error that names an unknown key, pybind11::cast_error on a wrong type.
[[nodiscard]] engine::config read_options(const pybind11::dict& options);

} // namespace bindings
