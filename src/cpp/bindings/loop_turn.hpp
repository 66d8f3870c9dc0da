// One turn of the application's loop, seen as a burst of commands: the first one wakes the engine,
// and the others ride along until the turn ends. Under the GIL.
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
    void begin();
    void end() { engine_.end_burst(); }

private:
    engine::engine& engine_;
    py_ref at_end_;
    unsigned long thread_ = 0;
};

} // namespace bindings
