// Emits, acks, who is let in and who has to go, and rooms, for Python.
#pragma once

#include "bindings/py_engine.hpp"

#include <optional>

namespace bindings {

// Rooms, None for everyone, sids to skip, and rooms whose members are left out.
[[nodiscard]] sio::selection selection(
    const std::optional<pybind11::sequence>& rooms,
    const pybind11::sequence& skip,
    const pybind11::sequence& except = pybind11::tuple());

void bind_commands(pybind11::class_<py_engine>& type);
void bind_rooms(pybind11::class_<py_engine>& type);

} // namespace bindings
