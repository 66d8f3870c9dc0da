// The asyncio task that a step of a runner is in. Under the GIL.
#pragma once

#include "bindings/py_ref.hpp"

namespace bindings {

class step_task {
public:
    // The current one. Throws pybind11::error_already_set.
    step_task();

    [[nodiscard]] PyObject* get() const noexcept { return task_.get(); }
    // A handler that has ended may have left something of its own in the task: a reference, also a
    // weak one, by which somebody may cancel it or keep things for it; a cancellation; a callback
    // for when it is done. Then no other handler may run in it. Asked after every handler.
    [[nodiscard]] bool is_marked() const;

private:
    py_ref task_;
    Py_ssize_t references_;
    PyObject* newest_weak_reference_;
};

} // namespace bindings
