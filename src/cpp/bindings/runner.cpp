#include "bindings/runner.hpp"

#include "bindings/handler_queue.hpp"
#include "bindings/py_notification.hpp"
#include "bindings/py_runner.hpp"
#include "bindings/py_text.hpp"
#include "bindings/step_task.hpp"

#include <pybind11/pybind11.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <utility>
#include <variant>
#include <vector>

namespace bindings {

namespace py = pybind11;

namespace {

// One step of a task does no more than this before the loop's others get theirs.
constexpr int max_items = 256;
constexpr std::chrono::milliseconds max_time{2};

// Enters a context for a block.
class entered {
public:
    explicit entered(PyObject* context) : context_(new_reference(context)) {
        if (PyContext_Enter(context) < 0)
            throw py::error_already_set();
    }
    ~entered() {
        std::optional<py::error_scope> kept; // what is being raised must not be lost
        if (PyErr_Occurred())
            kept.emplace();
        if (PyContext_Exit(context_.get()) < 0)
            PyErr_WriteUnraisable(context_.get());
    }
    entered(const entered&) = delete;
    entered& operator=(const entered&) = delete;

private:
    py_ref context_;
};

// As inspect.isawaitable, but gives what send() takes: null and no exception when it is none.
py_ref awaited_of(PyObject* value) {
    if (PyCoro_CheckExact(value))
        return py_ref(new_reference(value));
    const auto* async = Py_TYPE(value)->tp_as_async;
    if (async && async->am_await) {
        py_ref iterator(async->am_await(value));
        if (!iterator)
            throw py::error_already_set();
        return iterator;
    }
    if (PyGen_CheckExact(value)) { // @types.coroutine
        const py_ref code(PyObject_GetAttrString(value, "gi_code"));
        const py_ref flags(code ? PyObject_GetAttrString(code.get(), "co_flags") : nullptr);
        const long bits = flags ? PyLong_AsLong(flags.get()) : -1;
        if (bits == -1)
            throw py::error_already_set();
        if (bits & CO_ITERABLE_COROUTINE)
            return py_ref(new_reference(value));
    }
    return nullptr;
}

py_ref text(std::string_view utf8) {
    py_ref made(new_str(utf8));
    if (!made)
        throw py::error_already_set();
    return made;
}

void checked(bool ok) {
    if (!ok)
        throw py::error_already_set();
}

// Connects and ends: what begins them, and what is called when they have ended. None: nothing.
struct step {
    py_ref begin;
    py_ref end;
};

step step_for(handler_queue& from, const engine::notification& told) {
    const auto arguments = to_python(told, from.codec());
    const py_ref made(PyObject_Call(from.hooks().step.get(), arguments.ptr(), nullptr));
    checked(made != nullptr);
    return {
        py_ref(new_reference(PyTuple_GET_ITEM(made.get(), 0))),
        py_ref(new_reference(PyTuple_GET_ITEM(made.get(), 1)))};
}

void call_end(PyObject* end) {
    if (end == Py_None)
        return;
    const py_ref called(PyObject_CallNoArgs(end));
    if (!called)
        PyErr_WriteUnraisable(end);
}

} // namespace

runner::runner(PyObject* queue, std::optional<engine::notification>&& own)
    : queue_(new_reference(queue)), own_(std::move(own)) {}

handler_queue& runner::queue() const noexcept {
    return queue_of(queue_.get());
}

PySendResult runner::send(PyObject* value, PyObject** result) {
    if (!now_.suspended)
        return run(result);
    auto how = outcome::ended;
    {
        const entered context(now_.context.get());
        how = settle(PyIter_Send(now_.awaited.get(), value, result), result);
    }
    return sent(how, result);
}

PySendResult runner::run(PyObject** result) {
    const bool shared = queue().is_run_by(*this);
    try {
        return run_items(shared, result);
    } catch (...) { // an error of ours, for want of memory perhaps: those behind it are not lost
        finish();
        if (shared)
            queue().hand_on(*this);
        throw;
    }
}

PySendResult runner::run_items(bool shared, PyObject** result) {
    auto& from = queue();
    const step_task task;
    const auto until = std::chrono::steady_clock::now() + max_time;
    auto how = outcome::ended;
    for (int count = 1; how == outcome::ended && (own_ || (shared && !from.empty())); ++count) {
        if (count > max_items || (count > 1 && std::chrono::steady_clock::now() >= until)) {
            from.flush();
            *result = new_reference(Py_None); // a turn of the loop, please
            return PYGEN_NEXT;
        }
        const auto item = own_ ? std::exchange(own_, std::nullopt).value() : from.pop();
        if (shared && !from.empty() && from.suspends(item))
            from.spread();
        how = begin(item, result);
        if (how == outcome::suspended) {
            now_.suspended = true;
            now_.task.reset(new_reference(task.get()));
            from.keep(*this, task.get());
        }
        if (shared && how == outcome::ended && task.is_marked())
            break;
    }
    if (shared) {
        from.flush();
        std::optional<py::error_already_set> raised;
        if (how == outcome::raised)
            raised.emplace();
        from.hand_on(*this);
        if (raised)
            raised->restore();
    }
    return sent(how, result);
}

PySendResult runner::sent(outcome how, PyObject** result) {
    queue().flush();
    switch (how) {
    case outcome::suspended:
        return PYGEN_NEXT;
    case outcome::raised:
        return PYGEN_ERROR;
    case outcome::ended:
        break;
    }
    *result = new_reference(Py_None);
    return PYGEN_RETURN;
}

runner::outcome runner::begin(const engine::notification& item, PyObject** yielded) {
    auto how = outcome::ended;
    assert(!now_.context); // the one before has finished
    try {
        now_.context.reset(PyContext_CopyCurrent());
        checked(now_.context != nullptr);
        const entered context(now_.context.get());
        py_ref value;
        if (const auto* told = std::get_if<sio::message_event>(&item)) {
            now_.is_event = true;
            now_.sid = told->sid;
            now_.nsp = told->nsp;
            now_.eio_sid = told->eio_sid;
            now_.ack_id = told->ack_id;
            value = call_event(*told);
        } else {
            value = call_step(item);
        }
        how = drive(value.get(), yielded);
    } catch (py::error_already_set& error) {
        error.restore();
        how = fail();
    }
    queue().remember(item, how == outcome::suspended);
    return how;
}

// What the handler returned; NOT_HANDLED if there is none.
py_ref runner::call_event(const sio::message_event& told) {
    auto& from = queue();
    const auto& hooks = from.hooks();
    py_ref args(from.codec().parse(told.args.json, told.args.attachments));
    checked(args != nullptr);
    if (!PyList_CheckExact(args.get()) || PyList_GET_SIZE(args.get()) == 0)
        throw py::type_error("an event's JSON is a list, also by the application's decoder");
    // An application's decoder may keep its list, and change it while we read it.
    if (Py_REFCNT(args.get()) > 1) {
        args.reset(PyList_GetSlice(args.get(), 0, PyList_GET_SIZE(args.get())));
        checked(args != nullptr);
    }
    auto** const items = PySequence_Fast_ITEMS(args.get());
    const auto count = static_cast<std::size_t>(PyList_GET_SIZE(args.get()));
    now_.event.reset(new_reference(items[0]));
    const auto sid = text(told.sid);
    const auto nsp = text(told.nsp);
    if (from.verbose)
        checked(
            py_ref(PyObject_CallFunctionObjArgs(
                hooks.received.get(), args.get(), sid.get(), nsp.get(), nullptr)) != nullptr);
    if (from.gives_acks) { // in the handler's context, where it may leave it
        const py_ref id(
            told.ack_id ? PyLong_FromUnsignedLongLong(*told.ack_id) : new_reference(Py_None));
        checked(id != nullptr);
        now_.ack.reset(PyObject_CallFunctionObjArgs(
            hooks.ack.get(), items[0], sid.get(), nsp.get(), id.get(), nullptr));
        checked(now_.ack != nullptr);
    }
    handler_entry entry;
    checked(from.find(items[0], nsp.get(), entry));
    py_ref value;
    if (entry.is == handler_entry::kind::none) {
        value.reset(new_reference(hooks.not_handled.get()));
    } else if (entry.is == handler_entry::kind::known) {
        py_ref method;
        if (entry.attribute)
            method.reset(PyObject_GetAttr(entry.target, entry.attribute));
        if (entry.attribute && !method) {
            checked(PyErr_ExceptionMatches(PyExc_AttributeError) != 0);
            PyErr_Clear(); // a class without a method for it: an empty ack
            return py_ref(new_reference(Py_None));
        }
        const auto prefix = static_cast<std::size_t>(PyTuple_GET_SIZE(entry.prefix));
        // [0] is for the callee. The sid takes the place of the event's name among the arguments.
        std::array<PyObject*, 16> small;
        std::vector<PyObject*> large;
        auto** stack = small.data();
        if (1 + prefix + count > small.size()) {
            large.resize(1 + prefix + count);
            stack = large.data();
        }
        for (std::size_t i = 0; i < prefix; ++i)
            stack[1 + i] = PyTuple_GET_ITEM(entry.prefix, static_cast<Py_ssize_t>(i));
        stack[1 + prefix] = sid.get();
        std::copy(items + 1, items + count, stack + 2 + prefix);
        value.reset(PyObject_Vectorcall(
            method ? method.get() : entry.target,
            stack + 1,
            (prefix + count) | PY_VECTORCALL_ARGUMENTS_OFFSET,
            nullptr));
    } else {
        const py_ref rest(PyList_GetSlice(args.get(), 1, static_cast<Py_ssize_t>(count)));
        checked(rest != nullptr && PyList_Insert(rest.get(), 0, sid.get()) == 0);
        value.reset(PyObject_CallFunctionObjArgs(
            hooks.resolve.get(), items[0], nsp.get(), rest.get(), nullptr));
    }
    checked(value != nullptr);
    return value;
}

py_ref runner::call_step(const engine::notification& told) {
    auto made = step_for(queue(), told);
    now_.end = std::move(made.end); // first: a beginning that raises has ended
    if (made.begin.get() == Py_None)
        return std::move(made.begin);
    py_ref value(PyObject_CallNoArgs(made.begin.get()));
    checked(value != nullptr);
    return value;
}

runner::outcome runner::drive(PyObject* value, PyObject** yielded) {
    now_.awaited = awaited_of(value);
    if (now_.awaited)
        return settle(PyIter_Send(now_.awaited.get(), Py_None, yielded), yielded);
    complete(value);
    finish();
    return outcome::ended;
}

runner::outcome runner::settle(PySendResult sent, PyObject** yielded) {
    switch (sent) {
    case PYGEN_NEXT:
        return outcome::suspended;
    case PYGEN_RETURN: {
        const py_ref value(std::exchange(*yielded, nullptr));
        complete(value.get());
        finish();
        return outcome::ended;
    }
    case PYGEN_ERROR:
        break;
    }
    return fail();
}

// A handler's result answers its event, unless one has asked for the ack.
void runner::complete(PyObject* value) {
    auto& from = queue();
    if (!now_.ack_id || value == from.hooks().not_handled.get())
        return;
    if (now_.ack) {
        const py_ref taken(PyObject_GetAttrString(now_.ack.get(), "taken"));
        if (!taken)
            return report();
        if (taken.get() == Py_True)
            return;
    }
    sio::arguments args;
    if (from.codec().dump_args(value, args))
        from.commands().send_ack(now_.sid, now_.nsp, *now_.ack_id, std::move(args));
    else
        report(); // a result that JSON cannot carry
}

// The exception that is set has ended the handler.
runner::outcome runner::fail() {
    const bool suspended = now_.suspended;
    if (PyErr_ExceptionMatches(PyExc_Exception)) {
        report();
        finish();
        return outcome::ended;
    }
    py::error_already_set ending; // CancelledError, KeyboardInterrupt, SystemExit
    finish();
    static PyObject* const cancelled = [] {
        const py_ref module(PyImport_ImportModule("asyncio"));
        return module ? PyObject_GetAttrString(module.get(), "CancelledError") : nullptr;
    }();
    // The end of a handler that has its task for itself is the task's; else it is only its own.
    if (!suspended && cancelled && ending.matches(cancelled))
        return outcome::ended;
    ending.restore();
    return outcome::raised;
}

// Tells the application of the exception that is set.
void runner::report() {
    const py::error_already_set error;
    // Before Python 3.12 an exception that C++ has caught does not know where it came from.
    if (error.trace())
        PyException_SetTraceback(error.value().ptr(), error.trace().ptr());
    const auto& hooks = queue().hooks();
    py_ref sid;
    py_ref nsp;
    if (now_.is_event) {
        sid = text(now_.sid);
        nsp = text(now_.nsp);
    }
    const py_ref told(PyObject_CallFunctionObjArgs(
        hooks.failed.get(),
        error.value().ptr(),
        now_.event ? now_.event.get() : Py_None,
        sid ? sid.get() : Py_None,
        nsp ? nsp.get() : Py_None,
        nullptr));
    if (!told)
        PyErr_WriteUnraisable(hooks.failed.get());
}

PySendResult runner::raise(PyObject* error, PyObject** result) {
    if (!now_.suspended) { // cancelled before it began, or between two handlers
        if (own_)
            skip(queue(), std::exchange(own_, std::nullopt).value());
        else
            queue().drop_all(*this);
        queue().flush();
        PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error)), error);
        return PYGEN_ERROR;
    }
    auto how = outcome::ended;
    {
        const entered context(now_.context.get());
        const py_ref method(PyObject_GetAttrString(now_.awaited.get(), "throw"));
        if (method) {
            *result = PyObject_CallOneArg(method.get(), error);
        } else { // an iterator that cannot be told: it is given up
            PyErr_Clear();
            PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error)), error);
        }
        auto sent = *result ? PYGEN_NEXT : PYGEN_ERROR;
        if (!*result && PyErr_ExceptionMatches(PyExc_StopIteration)) {
            const py::error_already_set returned;
            *result = PyObject_GetAttrString(returned.value().ptr(), "value");
            sent = *result ? PYGEN_RETURN : PYGEN_ERROR;
        }
        how = settle(sent, result);
    }
    return sent(how, result);
}

void runner::finish() {
    auto& from = queue();
    if (now_.task)
        from.release(*this, now_.task.get());
    auto ended = std::exchange(now_, {});
    ended.awaited.reset(); // and what it held
    if (ended.is_event)
        from.done(ended.eio_sid);
    else if (ended.end)
        call_end(ended.end.get());
}

void runner::give_up() {
    if (own_)
        skip(queue(), std::exchange(own_, std::nullopt).value());
    finish();
    queue().give_up(*this);
}

void runner::skip(handler_queue& queue, const engine::notification& item) {
    if (const auto* told = std::get_if<sio::message_event>(&item))
        return queue.done(told->eio_sid);
    try {
        call_end(step_for(queue, item).end.get());
    } catch (py::error_already_set& error) {
        error.discard_as_unraisable("a client's connect or disconnect");
    }
}

int runner::traverse(visitproc visit, void* arg) const {
    for (const auto* each :
         {&queue_, &now_.awaited, &now_.context, &now_.event, &now_.ack, &now_.end, &now_.task})
        Py_VISIT(each->get());
    return 0;
}

void runner::clear() {
    now_ = {};
    queue_.reset();
}

} // namespace bindings
