// The meter's values as Python gives and gets them. Under the GIL.
#pragma once

#include "engine/usage.hpp"

#include <pybind11/pybind11.h>

#include <cstdint>
#include <system_error>
#include <vector>

namespace bindings {

// Raises TypeError for what is no str or integer. Its texts stay the strs'.
[[nodiscard]] engine::usage::record usage_record(
    pybind11::handle model,
    pybind11::handle in,
    pybind11::handle out,
    pybind11::handle total,
    pybind11::handle user,
    pybind11::handle id,
    std::int64_t at);

// True: counted, False: counted before; else raises.
bool was_counted(engine::usage::outcome result);

[[nodiscard]] pybind11::list usage_rows(const std::vector<engine::usage::row_value>& rows);

[[noreturn]] void throw_os_error(const std::system_error& error);

} // namespace bindings
