// What clients have done and no handler has begun to deal with, in order; and the runners that do,
// each inside an asyncio task. All of it under the GIL.
#pragma once

#include "base/sid.hpp"
#include "base/string_hash.hpp"
#include "bindings/loop_turn.hpp"
#include "bindings/py_ref.hpp"
#include "bindings/value_codec.hpp"
#include "engine/engine.hpp"
#include "engine/notification.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace bindings {

class runner;

// The Python side: see `Engine.handler_queue` in `_core.pyi`.
struct handler_hooks {
    py_ref start;
    py_ref alone;
    py_ref entry;
    py_ref resolve;
    py_ref step;
    py_ref failed;
    py_ref received;
    py_ref ack;
    py_ref not_handled;
};

// What `entry` said of an event: call `target`, or its `attribute`, with `prefix` in front of the
// arguments. Good while `held` is.
struct handler_entry {
    enum class kind : std::uint8_t {
        none, // nobody handles it
        known,
        asked, // `resolve` is to be asked each time
    };
    kind is = kind::asked;
    PyObject* target = nullptr;
    PyObject* attribute = nullptr; // null: the target itself
    PyObject* prefix = nullptr;    // a tuple
    py_ref held;
};

class handler_queue {
public:
    // `owner` is the Python object that the others are part of.
    handler_queue(
        PyObject* owner,
        engine::engine& engine,
        value_codec& codec,
        loop_turn& turn,
        handler_hooks hooks);
    handler_queue(const handler_queue&) = delete;
    handler_queue& operator=(const handler_queue&) = delete;

    // --- for whoever drains the engine ---
    void push(engine::notification&& told) { items_.push_back(std::move(told)); }
    // Sees to it that a runner of the queue is under way if there is something for it.
    void start();
    // Handlers have been registered: those found before count no more.
    void forget_entries();
    // The loop is gone, and with it every task: what is suspended is done with, what has not
    // begun waits for the next start().
    void abandon();

    // What waits or is under way, about: one runner counts for all that it has yet to begin.
    [[nodiscard]] std::size_t unfinished() const noexcept {
        return items_.size() - front_ + suspended_.size() + (running_ ? 1 : 0);
    }

    // --- for runners ---
    [[nodiscard]] bool empty() const noexcept { return front_ == items_.size(); }
    [[nodiscard]] engine::notification pop();
    // Whether it is the runner that steps what is in the queue.
    [[nodiscard]] bool is_run_by(const runner& one) const noexcept { return running_ == &one; }
    // A runner ends, or keeps its task for what it has begun. If it was the queue's, another
    // follows where there is something for it.
    void hand_on(const runner& ended);
    // Its task was cancelled before it began: so were the handlers that it stood for.
    void drop_all(const runner& cancelled);
    // Its task is gone. What the queue holds waits for the next start().
    void give_up(const runner& gone);
    // Its like has suspended when it was handled last, so that it will keep the task that it is
    // started in. Then each of those behind it gets a task of its own: else every one of them
    // would wait a turn of the loop for the one before.
    [[nodiscard]] bool suspends(const engine::notification& told) const;
    void spread();
    void remember(const engine::notification& told, bool suspended);

    // False with an exception set when asking for it has raised.
    [[nodiscard]] bool find(PyObject* event, PyObject* nsp, handler_entry& found);
    // An event has been dealt with; flush() tells the engine, once for many.
    void done(const base::sid& eio_sid);
    void flush();
    void keep(runner& suspended, PyObject* task);
    void release(runner& ended, PyObject* task) noexcept;

    // To be told something now.
    [[nodiscard]] engine::engine& commands() {
        turn_.begin();
        return engine_;
    }
    [[nodiscard]] value_codec& codec() noexcept { return codec_; }
    [[nodiscard]] const handler_hooks& hooks() const noexcept { return hooks_; }

    bool verbose = false;    // tell `received` of every event
    bool gives_acks = false; // ask `ack` for what may answer an event

    int traverse(visitproc visit, void* arg) const;
    PyObject* self = nullptr; // the Python object that this is part of

private:
    [[nodiscard]] bool wants_own_tasks() const;
    void spawn_shared();
    [[nodiscard]] bool spawn(PyObject* made) const;
    [[nodiscard]] std::vector<engine::notification> take_all();
    [[nodiscard]] bool remember_entry(PyObject* event, PyObject* nsp, PyObject* entry);

    py_ref owner_;
    engine::engine& engine_;
    value_codec& codec_;
    loop_turn& turn_;
    handler_hooks hooks_;
    std::vector<engine::notification> items_; // those in front of front_ have been taken
    std::size_t front_ = 0;
    const runner* running_ = nullptr; // of the queue: in a task, and not suspended
    py_ref entries_;                  // namespace -> event -> what `entry` gave
    std::size_t entry_count_ = 0;
    py_ref tasks_; // those of suspended runners: asyncio itself would forget them
    std::unordered_set<runner*> suspended_;
    base::string_set suspending_; // what suspended when it was last handled
    std::vector<engine::handled> done_;
};

} // namespace bindings
