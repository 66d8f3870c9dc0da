// The engine as a Python object: posts commands, answers questions, drains events in batches.
#pragma once

#include "bindings/loop_turn.hpp"
#include "bindings/value_codec.hpp"
#include "engine/engine.hpp"
#include "engine/yjs.hpp"

#include <pybind11/pybind11.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine {
struct notification;
}

namespace bindings {

class handler_queue;
struct handler_hooks;

class py_engine {
public:
    explicit py_engine(const pybind11::dict& options);
    ~py_engine();
    py_engine(const py_engine&) = delete;
    py_engine& operator=(const py_engine&) = delete;

    // Throws std::runtime_error in a forked child of the process that started it.
    [[nodiscard]] engine::engine& get();
    [[nodiscard]] value_codec& codec() noexcept { return codec_; }
    [[nodiscard]] loop_turn& turn() noexcept { return turn_; }
    void abandon() noexcept { engine_.abandon(); }
    [[nodiscard]] bool abandoned() const noexcept { return engine_.abandoned(); }
    // What handlers are for goes to `handlers`, if there is one.
    pybind11::list drain(std::size_t limit, handler_queue* handlers);
    // What it has told has been drained, too.
    bool settled();
    // Throws std::runtime_error before share_documents(). May be used without the GIL.
    [[nodiscard]] std::shared_ptr<engine::yjs> documents() const;
    void share_documents(std::shared_ptr<engine::yjs> made) { yjs_ = std::move(made); }
    // See `Engine.handler_queue`; `self` is this as a Python object.
    pybind11::object queue(const pybind11::object& self, handler_hooks hooks);

private:
    pybind11::object converted(const engine::notification& told);

    engine::engine engine_;
    value_codec codec_;
    std::shared_ptr<engine::yjs> yjs_;
    loop_turn turn_{engine_};
    std::vector<engine::notification> taken_; // by a drain, and not yet passed on: its limit
    std::size_t next_ = 0;
};

void register_engine(pybind11::module_& module);

} // namespace bindings
