// Bursts of commands, as the application's loop makes them: in a turn of its own, where the first
// command wakes the engine and the others ride along; or while it works off what the engine has
// told. Under the GIL.
#pragma once

#include "bindings/py_ref.hpp"
#include "engine/engine.hpp"

namespace bindings {

class loop_turn {
public:
    explicit loop_turn(engine::engine& engine) noexcept : engine_(engine) {}

    // The running thread is the loop's from now on; `at_end()` has it call end() when its turn
    // ends. Null: there is no loop any more.
    void bind(py_ref at_end);
    // Before a command. Nothing happens on other threads, whose turns nobody ends.
    void begin() {
        if (!open_)
            open_turn();
    }
    // Before what the engine has told is taken: until end() it looks for commands itself.
    void begin_batch();
    void end();

private:
    void open_turn();

    engine::engine& engine_;
    py_ref at_end_;
    unsigned long thread_ = 0;
    bool open_ = false;
};

} // namespace bindings
