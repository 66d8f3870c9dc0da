#include "bindings/handler_queue.hpp"

#include "base/msgpack.hpp"
#include "bindings/py_notification.hpp"
#include "bindings/py_runner.hpp"
#include "bindings/runner.hpp"

#include <optional>
#include <string_view>
#include <variant>

namespace bindings {

namespace {

// Clients choose the names of events that a catch-all takes, and of namespaces where all are let
// in. A table that is full is emptied, and what is used is asked for again; what has a longer name
// than any application gives is asked for each time.
constexpr std::size_t max_entries = 4'096; // of all namespaces together
constexpr std::size_t max_suspending = 1'024;
constexpr Py_ssize_t max_name = 256;
constexpr std::size_t max_key = 2 * max_name;
constexpr std::size_t max_taken = 4'096;

// The name of an event as its arguments have it, for telling events apart.
std::string_view written_name(std::string_view arguments) {
    if (arguments.starts_with('[')) // JSON; no array in msgpack begins so
        return arguments.substr(0, arguments.find('"', 2));
    base::msgpack::reader from(arguments);
    const auto head = from.next();
    const auto name = head && head->is == base::msgpack::kind::array ? from.next() : std::nullopt;
    return name ? name->content : std::string_view();
}

// What is handled alike: one event of one namespace, or the namespace's connects.
std::string handling_key(const engine::notification& told) {
    if (const auto* event = std::get_if<sio::message_event>(&told))
        return event->nsp + std::string(written_name(event->args.json));
    if (const auto* connect = std::get_if<sio::connect_event>(&told))
        return connect->nsp + "connect";
    if (const auto* disconnect = std::get_if<sio::disconnect_event>(&told))
        return disconnect->nsp + "disconnect";
    return {};
}

} // namespace

handler_queue::handler_queue(
    PyObject* owner,
    engine::engine& engine,
    value_codec& codec,
    loop_turn& turn,
    handler_hooks hooks)
    : owner_(new_reference(owner)),
      engine_(engine),
      codec_(codec),
      turn_(turn),
      hooks_(std::move(hooks)),
      entries_(PyDict_New()),
      tasks_(PySet_New(nullptr)) {}

void handler_queue::start() {
    if (!empty()) {
        if (wants_own_tasks())
            spread();
        else if (!running_)
            spawn_shared();
    }
    if (!running_)
        turn_.end();
}

void handler_queue::hand_on(const runner& ended) {
    if (running_ != &ended)
        return;
    running_ = nullptr;
    start();
}

void handler_queue::give_up(const runner& gone) {
    if (running_ == &gone)
        running_ = nullptr;
    flush();
}

engine::notification handler_queue::pop() {
    auto front = std::move(items_[front_++]);
    // A queue that is never quite empty must not grow at its taken end.
    if (empty() || front_ == max_taken) {
        items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(front_));
        front_ = 0;
    }
    return front;
}

std::vector<engine::notification> handler_queue::take_all() {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(front_));
    front_ = 0;
    return std::exchange(items_, {});
}

bool handler_queue::wants_own_tasks() const {
    const py_ref said(PyObject_CallNoArgs(hooks_.alone.get()));
    if (!said)
        PyErr_WriteUnraisable(self);
    return said.get() == Py_True;
}

// What cannot be started, for want of memory or of a loop, stays in the queue for the next try.
void handler_queue::spawn_shared() {
    const py_ref made(make_runner(self, std::nullopt));
    if (!made)
        return PyErr_WriteUnraisable(self);
    running_ = &runner_of(made.get());
    // It may have ended when this returns: there are loops that step a task as they make it.
    if (!spawn(made.get()))
        give_up(runner_of(made.get()));
}

bool handler_queue::spawn(PyObject* made) const {
    const py_ref started(PyObject_CallOneArg(hooks_.start.get(), made));
    if (!started)
        PyErr_WriteUnraisable(self);
    return started != nullptr;
}

void handler_queue::abandon() {
    running_ = nullptr;
    for (auto* each : std::exchange(suspended_, {}))
        each->finish();
    PySet_Clear(tasks_.get());
    flush();
}

void handler_queue::drop_all(const runner& cancelled) {
    if (running_ != &cancelled)
        return;
    running_ = nullptr;
    for (const auto dropped = take_all(); const auto& each : dropped)
        runner::skip(*this, each);
    flush();
    start(); // nothing is left: ends the burst
}

bool handler_queue::suspends(const engine::notification& told) const {
    return !suspending_.empty() && suspending_.contains(handling_key(told));
}

void handler_queue::spread() {
    for (const auto waiting = take_all(); const auto& each : waiting) {
        const py_ref made(make_runner(self, each));
        if (!made) {
            PyErr_WriteUnraisable(self);
            runner::skip(*this, each);
        } else if (!spawn(made.get())) {
            runner_of(made.get()).give_up();
        }
    }
}

void handler_queue::remember(const engine::notification& told, bool suspended) {
    if (suspended) {
        auto key = handling_key(told);
        if (key.size() > max_key)
            return;
        if (suspending_.size() == max_suspending)
            suspending_.clear();
        suspending_.insert(std::move(key));
    } else if (!suspending_.empty()) {
        suspending_.erase(handling_key(told));
    }
}

bool handler_queue::find(PyObject* event, PyObject* nsp, handler_entry& found) {
    found = {};
    auto* table = PyDict_GetItemWithError(entries_.get(), nsp);
    if (auto* known = table ? PyDict_GetItemWithError(table, event) : nullptr) {
        found.held.reset(new_reference(known));
    } else {
        if (PyErr_Occurred())
            return false;
        found.held.reset(PyObject_CallFunctionObjArgs(hooks_.entry.get(), event, nsp, nullptr));
        if (!found.held || !remember_entry(event, nsp, found.held.get()))
            return false;
    }
    auto* entry = found.held.get();
    if (entry == Py_None) {
        found.is = handler_entry::kind::none;
    } else if (PyTuple_CheckExact(entry)) {
        auto* attribute = PyTuple_GET_ITEM(entry, 1);
        found.is = handler_entry::kind::known;
        found.target = PyTuple_GET_ITEM(entry, 0);
        found.attribute = attribute == Py_None ? nullptr : attribute;
        found.prefix = PyTuple_GET_ITEM(entry, 2);
    }
    return true;
}

bool handler_queue::remember_entry(PyObject* event, PyObject* nsp, PyObject* entry) {
    if (!PyUnicode_CheckExact(event) || PyUnicode_GET_LENGTH(event) > max_name ||
        PyUnicode_GET_LENGTH(nsp) > max_name)
        return true;
    if (entry_count_ == max_entries)
        forget_entries();
    auto* table = PyDict_GetItemWithError(entries_.get(), nsp);
    if (!table) {
        const py_ref made(PyErr_Occurred() ? nullptr : PyDict_New());
        if (!made || PyDict_SetItem(entries_.get(), nsp, made.get()) < 0)
            return false;
        table = made.get(); // the outer table holds it
    }
    ++entry_count_;
    return PyDict_SetItem(table, event, entry) == 0;
}

void handler_queue::forget_entries() {
    PyDict_Clear(entries_.get());
    entry_count_ = 0;
}

void handler_queue::done(const base::sid& eio_sid) {
    if (done_.empty() || done_.back().eio_sid != eio_sid)
        done_.push_back({eio_sid, 0});
    ++done_.back().events;
}

void handler_queue::flush() {
    if (done_.empty())
        return;
    const pybind11::error_scope kept; // called also when a handler has raised
    commands().events_done(std::exchange(done_, {}));
}

void handler_queue::keep(runner& suspended, PyObject* task) {
    suspended_.insert(&suspended);
    if (PySet_Add(tasks_.get(), task) < 0)
        PyErr_Clear(); // a task that cannot be hashed has somebody else to keep it
}

void handler_queue::release(runner& ended, PyObject* task) noexcept {
    suspended_.erase(&ended);
    if (PySet_Discard(tasks_.get(), task) < 0)
        PyErr_Clear();
}

int handler_queue::traverse(visitproc visit, void* arg) const {
    for (const auto* each :
         {&owner_,
          &hooks_.start,
          &hooks_.alone,
          &hooks_.entry,
          &hooks_.resolve,
          &hooks_.step,
          &hooks_.failed,
          &hooks_.received,
          &hooks_.ack,
          &hooks_.not_handled,
          &entries_,
          &tasks_})
        Py_VISIT(each->get());
    return 0;
}

} // namespace bindings
