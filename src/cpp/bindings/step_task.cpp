#include "bindings/step_task.hpp"

#include <pybind11/pybind11.h>

namespace bindings {

namespace {

py_ref of_asyncio(const char* name) {
    const py_ref module(PyImport_ImportModule("asyncio"));
    return py_ref(module ? PyObject_GetAttrString(module.get(), name) : nullptr);
}

py_ref current_task() {
    static PyObject* const function = of_asyncio("current_task").release();
    py_ref task(function ? PyObject_CallNoArgs(function) : nullptr);
    if (!task)
        throw pybind11::error_already_set();
    return task;
}

// An attribute of tasks, found once for asyncio's own type: a search in it for every handler would
// cost more than all else that is asked.
class task_attribute {
public:
    explicit task_attribute(const char* name)
        : name_(PyUnicode_InternFromString(name)), type_(of_asyncio("Task")) {
        if (type_)
            found_.reset(PyObject_GetAttrString(type_.get(), name));
        if (found_ && !Py_TYPE(found_.get())->tp_descr_set)
            found_.reset(); // an instance may have another
        PyErr_Clear();
    }

    // Null with an exception set: a task of another make.
    [[nodiscard]] py_ref of(PyObject* task) const {
        auto* type = reinterpret_cast<PyObject*>(Py_TYPE(task));
        if (found_ && type == type_.get())
            return py_ref(Py_TYPE(found_.get())->tp_descr_get(found_.get(), task, type));
        return py_ref(PyObject_GetAttr(task, name_.get()));
    }

private:
    py_ref name_;
    py_ref type_;
    py_ref found_;
};

// A new one changes it: only in front of one that has no callback does Python not put another that
// has one, and asyncio's own has a callback and is as old as the task.
PyObject* newest_weak_reference(PyObject* task) {
    if (!PyType_SUPPORTS_WEAKREFS(Py_TYPE(task)))
        return nullptr;
    return *reinterpret_cast<PyObject**>(PyObject_GET_WEAKREFS_LISTPTR(task));
}

} // namespace

step_task::step_task()
    : task_(current_task()),
      references_(Py_REFCNT(task_.get())),
      newest_weak_reference_(newest_weak_reference(task_.get())) {}

bool step_task::is_marked() const {
    auto* task = task_.get();
    if (Py_REFCNT(task) > references_ || newest_weak_reference(task) != newest_weak_reference_)
        return true;
    // Kept for good: when objects of static storage are destroyed, the interpreter is gone.
    static const auto& must_cancel = *new task_attribute("_must_cancel");
    static const auto& callbacks = *new task_attribute("_callbacks");
    const py_ref cancelled(must_cancel.of(task));
    const py_ref waiting(cancelled ? callbacks.of(task) : nullptr);
    if (!waiting) {
        PyErr_Clear(); // who knows
        return true;
    }
    return cancelled.get() != Py_False || PyObject_IsTrue(waiting.get()) != 0;
}

} // namespace bindings
