#include "bindings/py_runner.hpp"

#include <memory>
#include <new>
#include <structmember.h>
#include <utility>

namespace bindings {

namespace py = pybind11;

namespace {

// By hand and not by pybind11: a coroutine of C needs the slot am_send.
template <class Body>
struct holder {
    PyObject_HEAD std::unique_ptr<Body> body;
};

using queue_object = holder<handler_queue>;
using runner_object = holder<runner>;

PyTypeObject* queue_type = nullptr;
PyTypeObject* runner_type = nullptr;

template <class Body>
Body& body_of(PyObject* self) noexcept {
    return *reinterpret_cast<holder<Body>*>(self)->body;
}

template <class Body, class... Arguments>
PyObject* make(PyTypeObject* type, Arguments&&... arguments) {
    auto* self = PyObject_GC_New(holder<Body>, type);
    if (!self)
        return nullptr;
    new (&self->body) std::unique_ptr<Body>();
    PyObject_GC_Track(self);
    try {
        self->body = std::make_unique<Body>(std::forward<Arguments>(arguments)...);
    } catch (const std::bad_alloc&) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return reinterpret_cast<PyObject*>(self);
}

template <class Body>
void free_object(PyObject* self) {
    auto* type = Py_TYPE(self);
    if (PyObject_CallFinalizerFromDealloc(self) < 0)
        return;
    PyObject_GC_UnTrack(self);
    reinterpret_cast<holder<Body>*>(self)->body.~unique_ptr();
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

template <class Body>
int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    const auto& body = reinterpret_cast<holder<Body>*>(self)->body;
    return body ? body->traverse(visit, arg) : 0;
}

// Runs what may throw, for Python, which takes null and an exception.
template <class Call>
auto guarded(Call call, decltype(call()) failed) noexcept -> decltype(call()) {
    try {
        return call();
    } catch (py::error_already_set& error) {
        error.restore();
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return failed;
}

// --- Runner ---

PySendResult runner_send(PyObject* self, PyObject* value, PyObject** result) {
    *result = nullptr;
    const auto sent =
        guarded([&] { return body_of<runner>(self).send(value, result); }, PYGEN_ERROR);
    if (sent == PYGEN_ERROR)
        Py_CLEAR(*result);
    return sent;
}

// What a method gives where the slot has three answers.
PyObject* as_method(PySendResult sent, PyObject* result) {
    if (sent != PYGEN_RETURN)
        return sent == PYGEN_NEXT ? result : nullptr;
    Py_DECREF(result); // None
    PyErr_SetNone(PyExc_StopIteration);
    return nullptr;
}

PyObject* runner_send_method(PyObject* self, PyObject* value) {
    PyObject* result = nullptr;
    const auto sent = runner_send(self, value, &result);
    return as_method(sent, result);
}

PyObject* runner_next(PyObject* self) {
    return runner_send_method(self, Py_None);
}

// throw(exception), or the older throw(type[, value[, traceback]])
PyObject* runner_throw(PyObject* self, PyObject* args) {
    PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
    if (!PyArg_UnpackTuple(args, "throw", 1, 3, &type, &value, &trace))
        return nullptr;
    py_ref error;
    if (PyExceptionInstance_Check(type))
        error.reset(new_reference(type));
    else if (value && PyExceptionInstance_Check(value))
        error.reset(new_reference(value));
    else
        error.reset(
            value && value != Py_None ? PyObject_CallOneArg(type, value)
                                      : PyObject_CallNoArgs(type));
    if (!error)
        return nullptr;
    PyObject* result = nullptr;
    const auto sent =
        guarded([&] { return body_of<runner>(self).raise(error.get(), &result); }, PYGEN_ERROR);
    return as_method(sent, result);
}

PyObject* runner_close(PyObject* self, PyObject*) {
    return guarded(
        [&] {
            body_of<runner>(self).give_up();
            return new_reference(Py_None);
        },
        nullptr);
}

void runner_finalize(PyObject* self) {
    if (reinterpret_cast<runner_object*>(self)->body) {
        const py::error_scope kept;
        body_of<runner>(self).give_up();
    }
}

int runner_clear(PyObject* self) {
    if (const auto& body = reinterpret_cast<runner_object*>(self)->body)
        body->clear();
    return 0;
}

PyMethodDef runner_methods[] = {
    {"send", runner_send_method, METH_O, "As a coroutine's."},
    {"throw", runner_throw, METH_VARARGS, "As a coroutine's."},
    {"close", runner_close, METH_NOARGS, "As a coroutine's."},
    {},
};

// asyncio shows it where it shows a coroutine's.
PyObject* runner_name(PyObject*, void*) {
    return PyUnicode_FromString("sio_native handlers");
}

PyGetSetDef runner_properties[] = {
    {"__name__", runner_name, nullptr, nullptr, nullptr},
    {"__qualname__", runner_name, nullptr, nullptr, nullptr},
    {},
};

PyType_Slot runner_slots[] = {
    {Py_tp_doc, const_cast<char*>("Steps handlers inside one asyncio task, as its coroutine.")},
    {Py_tp_dealloc, reinterpret_cast<void*>(&free_object<runner>)},
    {Py_tp_traverse, reinterpret_cast<void*>(&traverse<runner>)},
    {Py_tp_clear, reinterpret_cast<void*>(&runner_clear)},
    {Py_tp_finalize, reinterpret_cast<void*>(&runner_finalize)},
    {Py_tp_iter, reinterpret_cast<void*>(&PyObject_SelfIter)},
    {Py_tp_iternext, reinterpret_cast<void*>(&runner_next)},
    {Py_tp_methods, runner_methods},
    {Py_tp_getset, runner_properties},
    {Py_am_await, reinterpret_cast<void*>(&PyObject_SelfIter)},
    {Py_am_send, reinterpret_cast<void*>(&runner_send)},
    {0, nullptr},
};

constexpr unsigned type_flags =
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION;

PyType_Spec runner_spec{
    "sio_native._core.Runner", sizeof(runner_object), 0, type_flags, runner_slots};

// --- HandlerQueue ---

PyObject* queue_forget(PyObject* self, PyObject*) {
    body_of<handler_queue>(self).forget_entries();
    Py_RETURN_NONE;
}

PyObject* queue_start(PyObject* self, PyObject*) {
    body_of<handler_queue>(self).start();
    Py_RETURN_NONE;
}

PyObject* queue_abandon(PyObject* self, PyObject*) {
    body_of<handler_queue>(self).abandon();
    Py_RETURN_NONE;
}

template <bool handler_queue::* Flag>
PyObject* queue_flag(PyObject* self, void*) {
    return PyBool_FromLong(body_of<handler_queue>(self).*Flag);
}

template <bool handler_queue::* Flag>
int queue_set_flag(PyObject* self, PyObject* value, void*) {
    const int wanted = value ? PyObject_IsTrue(value) : 0;
    if (wanted >= 0)
        body_of<handler_queue>(self).*Flag = wanted != 0;
    return wanted < 0 ? -1 : 0;
}

template <bool handler_queue::* Flag>
constexpr PyGetSetDef flag(const char* name, const char* doc) {
    return {name, queue_flag<Flag>, queue_set_flag<Flag>, doc, nullptr};
}

PyObject* queue_unfinished(PyObject* self, void*) {
    return PyLong_FromSize_t(body_of<handler_queue>(self).unfinished());
}

PyMethodDef queue_methods[] = {
    {"forget", queue_forget, METH_NOARGS, "Handlers have changed: ask for them again."},
    {"start", queue_start, METH_NOARGS, "Start a runner if there is something for it."},
    {"abandon", queue_abandon, METH_NOARGS, "The loop is gone, and its tasks with it."},
    {},
};

PyGetSetDef queue_properties[] = {
    flag<&handler_queue::verbose>("verbose", "Whether `received` is called."),
    flag<&handler_queue::gives_acks>("gives_acks", "Whether `ack` is called."),
    {"unfinished", queue_unfinished, nullptr, "Whether handlers wait or are under way.", nullptr},
    {},
};

PyType_Slot queue_slots[] = {
    {Py_tp_doc, const_cast<char*>("What clients have done and no handler has dealt with.")},
    {Py_tp_dealloc, reinterpret_cast<void*>(&free_object<handler_queue>)},
    {Py_tp_traverse, reinterpret_cast<void*>(&traverse<handler_queue>)},
    {Py_tp_methods, queue_methods},
    {Py_tp_getset, queue_properties},
    {0, nullptr},
};

PyType_Spec queue_spec{
    "sio_native._core.HandlerQueue", sizeof(queue_object), 0, type_flags, queue_slots};

PyTypeObject* add_type(py::module_& module, PyType_Spec& spec, const char* name) {
    auto* type = PyType_FromSpec(&spec);
    if (!type)
        throw py::error_already_set();
    module.add_object(name, type); // the module holds it as long as there is code to use it
    return reinterpret_cast<PyTypeObject*>(type);
}

} // namespace

void register_runner(py::module_& module) {
    runner_type = add_type(module, runner_spec, "Runner");
    queue_type = add_type(module, queue_spec, "HandlerQueue");
}

PyObject* make_queue(
    PyObject* owner,
    engine::engine& engine,
    value_codec& codec,
    loop_turn& turn,
    handler_hooks hooks) {
    auto* made = make<handler_queue>(queue_type, owner, engine, codec, turn, std::move(hooks));
    if (made)
        body_of<handler_queue>(made).self = made;
    return made;
}

PyObject* make_runner(PyObject* queue, std::optional<engine::notification>&& own) {
    return make<runner>(runner_type, queue, std::move(own));
}

runner& runner_of(PyObject* object) noexcept {
    return body_of<runner>(object);
}

handler_queue& queue_of(PyObject* object) noexcept {
    return body_of<handler_queue>(object);
}

bool is_queue(PyObject* object) noexcept {
    return Py_IS_TYPE(object, queue_type);
}

} // namespace bindings
