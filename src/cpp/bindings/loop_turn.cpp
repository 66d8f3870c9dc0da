#include "bindings/loop_turn.hpp"

#include <pythread.h>
#include <utility>

namespace bindings {

void loop_turn::bind(py_ref at_end) {
    end(); // of a loop that is gone, perhaps in the middle of a turn
    at_end_ = std::move(at_end);
    thread_ = PyThread_get_thread_ident();
}

void loop_turn::open_turn() {
    if (!at_end_ || PyThread_get_thread_ident() != thread_)
        return;
    const py_ref asked(PyObject_CallNoArgs(at_end_.get()));
    if (!asked)
        return PyErr_Clear(); // a loop that is closed: each command wakes the engine
    open_ = true;
    engine_.begin_burst(engine::first_post::wakes);
}

void loop_turn::begin_batch() {
    if (!std::exchange(open_, true))
        engine_.begin_burst(engine::first_post::quiet);
}

void loop_turn::end() {
    if (std::exchange(open_, false))
        engine_.end_burst();
}

} // namespace bindings
