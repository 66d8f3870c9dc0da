#include "bindings/loop_turn.hpp"

#include <pythread.h>
#include <utility>

namespace bindings {

void loop_turn::bind(py_ref at_end) {
    end(); // of a loop that is gone, perhaps in the middle of a turn
    at_end_ = std::move(at_end);
    thread_ = PyThread_get_thread_ident();
}

void loop_turn::begin() {
    if (!at_end_ || engine_.in_burst() || PyThread_get_thread_ident() != thread_)
        return;
    const py_ref asked(PyObject_CallNoArgs(at_end_.get()));
    if (asked)
        engine_.begin_burst(engine::first_post::wakes);
    else
        PyErr_Clear(); // a loop that is closed: each command wakes the engine
}

} // namespace bindings
