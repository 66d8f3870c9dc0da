// An owned reference to a Python object, for code that speaks to the C API. Under the GIL.
#pragma once

#include <Python.h>

#include <memory>

namespace bindings {

struct release_reference {
    void operator()(PyObject* object) const noexcept { Py_DECREF(object); }
};
using py_ref = std::unique_ptr<PyObject, release_reference>;

inline PyObject* new_reference(PyObject* object) noexcept {
    Py_INCREF(object);
    return object;
}

} // namespace bindings
