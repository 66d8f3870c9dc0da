// Steps handlers inside one asyncio task: each in a context of its own, one after the other, until
// one suspends. That one keeps the task for good, and the rest go on in another. So a handler
// finds itself in a task as if it had been given one, at a fraction of the price.
// Under the GIL.
#pragma once

#include "base/sid.hpp"
#include "bindings/py_ref.hpp"
#include "engine/notification.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace bindings {

class handler_queue;

class runner {
public:
    // `own` is the one thing to do; without it, what is in the queue.
    runner(PyObject* queue, std::optional<engine::notification>&& own);
    ~runner() = default;
    runner(const runner&) = delete;
    runner& operator=(const runner&) = delete;

    // As a coroutine's: `result` is what it yields to the task, or None at the end.
    PySendResult send(PyObject* value, PyObject** result);
    // Raises in the handler that is suspended. `error` is an exception.
    PySendResult raise(PyObject* error, PyObject** result);
    // What is suspended is done with, whatever becomes of it.
    void finish();
    // Nobody will step it any more.
    void give_up();

    // An item whose handler will never be started.
    static void skip(handler_queue& queue, const engine::notification& item);

    int traverse(visitproc visit, void* arg) const;
    void clear();

private:
    enum class outcome : std::uint8_t { ended, suspended, raised };

    // What is being handled, if anything is.
    struct handling {
        py_ref awaited; // what is sent to: a coroutine, or the iterator of an awaitable
        py_ref context;
        py_ref task;  // while it is suspended
        py_ref event; // an event's name
        py_ref ack;   // what may answer it, if handlers are given that
        py_ref end;   // of all else: called when it has ended, in whichever way
        base::sid sid;
        std::string nsp;
        base::sid eio_sid;
        std::optional<std::uint64_t> ack_id;
        bool is_event = false;
        bool suspended = false;
    };

    [[nodiscard]] handler_queue& queue() const noexcept;
    [[nodiscard]] PySendResult run(PyObject** result);
    // Of the queue if it is `shared` with other runners, else its own.
    [[nodiscard]] PySendResult run_items(bool shared, PyObject** result);
    [[nodiscard]] PySendResult sent(outcome how, PyObject** result);
    [[nodiscard]] outcome begin(const engine::notification& item, PyObject** yielded);
    [[nodiscard]] py_ref call_event(const sio::message_event& told);
    [[nodiscard]] py_ref call_step(const engine::notification& told);
    [[nodiscard]] outcome drive(PyObject* value, PyObject** yielded);
    [[nodiscard]] outcome settle(PySendResult sent, PyObject** yielded);
    void complete(PyObject* value);
    [[nodiscard]] outcome fail();
    void report();

    py_ref queue_;
    std::optional<engine::notification> own_;
    handling now_;
};

} // namespace bindings
