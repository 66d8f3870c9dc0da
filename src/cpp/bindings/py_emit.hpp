// The emit of everyday, without the price of general argument conversion. Under the GIL.
#pragma once

#include "bindings/loop_turn.hpp"
#include "bindings/value_codec.hpp"
#include "engine/engine.hpp"

#include <Python.h>

namespace bindings {

// emit(event, data, namespace, to, room, skip_sid) -> bool, a new reference, or null with an
// exception set. `owner` is the Python object that the others are part of. See
// `Engine.quick_emit`.
[[nodiscard]] PyObject*
make_quick_emit(PyObject* owner, engine::engine& engine, value_codec& codec, loop_turn& turn);

} // namespace bindings
