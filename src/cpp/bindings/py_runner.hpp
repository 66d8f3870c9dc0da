// The Python types HandlerQueue and Runner.
#pragma once

#include "bindings/handler_queue.hpp"
#include "bindings/runner.hpp"

#include <pybind11/pybind11.h>

#include <optional>

namespace bindings {

void register_runner(pybind11::module_& module);

// New references, or null with an exception set.
[[nodiscard]] PyObject* make_queue(
    PyObject* owner,
    engine::engine& engine,
    value_codec& codec,
    loop_turn& turn,
    handler_hooks hooks);
[[nodiscard]] PyObject* make_runner(PyObject* queue, std::optional<engine::notification>&& own);

[[nodiscard]] runner& runner_of(PyObject* object) noexcept;
[[nodiscard]] handler_queue& queue_of(PyObject* object) noexcept;
[[nodiscard]] bool is_queue(PyObject* object) noexcept;

} // namespace bindings
