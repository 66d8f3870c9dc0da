#include "bindings/py_engine.hpp"

#include "bindings/options.hpp"
#include "bindings/py_admin.hpp"
#include "bindings/py_asgi_door.hpp"
#include "bindings/py_clients.hpp"
#include "bindings/py_custom_packets.hpp"
#include "bindings/py_flow.hpp"
#include "bindings/py_notification.hpp"
#include "bindings/py_raw.hpp"
#include "bindings/py_room_rules.hpp"
#include "bindings/py_runner.hpp"
#include "bindings/py_usage.hpp"
#include "bindings/py_yjs.hpp"

#include <pybind11/stl.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace bindings {

namespace py = pybind11;

namespace {

// In the order of what clients did: the end of a session too.
bool is_for_handlers(const engine::notification& told) noexcept {
    return std::holds_alternative<sio::message_event>(told) ||
           std::holds_alternative<sio::connect_event>(told) ||
           std::holds_alternative<sio::disconnect_event>(told) ||
           std::holds_alternative<sio::session_closed_event>(told);
}

} // namespace

py_engine::py_engine(const py::dict& options) : engine_(read_options(options)) {}

py_engine::~py_engine() {
    const py::gil_scoped_release released;
    // Joins the thread, which needs no GIL; what Python should have closed is closed here.
    if (!engine_.abandoned())
        engine_.close(std::chrono::milliseconds::zero());
}

engine::engine& py_engine::get() {
    if (engine_.abandoned())
        throw std::runtime_error(
            "this server was started before the process forked, and its engine stayed with "
            "the parent: create or start the server in the child");
    return engine_;
}

std::shared_ptr<engine::yjs> py_engine::documents() const {
    if (!yjs_)
        throw std::runtime_error("this engine shares no documents");
    return yjs_;
}

py::list py_engine::drain(std::size_t limit, handler_queue* handlers) {
    auto& from = get();
    py::list told;
    engine::shard_set checked = 0;
    std::size_t count = 0;
    // What an earlier call has left over, and behind it what has come since.
    for (bool fresh = false; !fresh && count < limit;) {
        if (next_ == taken_.size()) {
            const py::gil_scoped_release released;
            from.drain(taken_);
            next_ = 0;
            fresh = true;
        }
        for (; next_ < taken_.size() && count < limit; ++count) {
            auto& next = taken_[next_++];
            if (handlers && is_for_handlers(next)) {
                handlers->push(std::move(next));
                continue;
            }
            auto item = converted(next);
            if (item)
                told.append(std::move(item));
            else
                checked |= engine::shard_set{1} << std::get<engine::relay_check>(next).shard;
        }
    }
    const py::gil_scoped_release released;
    if (next_ < taken_.size()) {
        from.wake_reader();
    } else {
        taken_.clear();
        next_ = 0;
    }
    if (checked != 0)
        from.relay_checked(checked);
    return told;
}

bool py_engine::settled() {
    auto& in = get();
    if (next_ < taken_.size())
        return false;
    const py::gil_scoped_release released;
    return in.settled();
}

py::object py_engine::queue(const py::object& self, handler_hooks hooks) {
    auto* made = make_queue(self.ptr(), engine_, codec_, turn_, std::move(hooks));
    if (!made)
        throw py::error_already_set();
    return py::reinterpret_steal<py::object>(made);
}

// One that Python cannot have, for lack of memory perhaps, does not hold up those behind it.
py::object py_engine::converted(const engine::notification& told) {
    try {
        return to_python(told, codec_);
    } catch (py::error_already_set& error) {
        return to_python(
            engine::log_line{
                base::log_channel::socketio,
                base::log_level::error,
                std::string("a notification was lost: ") + error.what()},
            codec_);
    }
}

namespace {

using without_gil = py::call_guard<py::gil_scoped_release>;
using names = std::vector<std::string>;

// A name that cannot be resolved has a code of another category, which is no errno.
[[noreturn]] void throw_os_error(const std::system_error& error) {
    const bool is_errno = error.code().category() == std::system_category() ||
                          error.code().category() == std::generic_category();
    const py::tuple arguments =
        is_errno ? py::tuple(py::make_tuple(error.code().value(), error.code().message()))
                 : py::tuple(py::make_tuple(error.what()));
    PyErr_SetObject(PyExc_OSError, arguments.ptr());
    throw py::error_already_set();
}

// Arguments without a name are positional only.
void bind_life(py::class_<py_engine>& type) {
    type.def(py::init<const py::dict&>());
    type.def("start", [](py_engine& self) { self.get().start(); }, without_gil());
    type.def(
        "close",
        [](py_engine& self, double timeout) {
            self.get().close(std::chrono::milliseconds(static_cast<long long>(timeout * 1000)));
        },
        py::arg("timeout") = 2.0,
        without_gil());
    type.def("abandon", &py_engine::abandon);
    type.def("on_turn_end", [](py_engine& self, const py::object& at_end) {
        self.turn().bind(at_end.is_none() ? nullptr : py_ref(new_reference(at_end.ptr())));
    });
    type.def("end_turn", [](py_engine& self) { self.turn().end(); });
    type.def(
        "use_codec",
        [](py_engine& self,
           py::object dumps,
           py::object loads,
           py::object rebuild,
           bool binary,
           bool attachments) {
            const auto hook = [](py::object& given) {
                return given.is_none() ? nullptr : py_ref(given.release().ptr());
            };
            self.codec().use(
                {.dumps = hook(dumps),
                 .loads = hook(loads),
                 .rebuild = hook(rebuild),
                 .binary = binary,
                 .attachments = attachments});
        },
        py::kw_only(),
        py::arg("dumps") = py::none(),
        py::arg("loads") = py::none(),
        py::arg("rebuild") = py::none(),
        py::arg("binary") = false,
        py::arg("attachments") = true);
    type.def_property_readonly(
        "running", [](py_engine& self) { return !self.abandoned() && self.get().running(); });
    type.def("fileno", [](py_engine& self) { return self.get().wake_descriptor(); });
    type.def(
        "drain",
        [](py_engine& self, std::size_t limit, const py::object& handlers) {
            if (handlers.is_none())
                return self.drain(limit, nullptr);
            if (!is_queue(handlers.ptr()))
                throw py::type_error("drain() needs a HandlerQueue or None");
            auto& queue = queue_of(handlers.ptr());
            self.turn().begin_batch(); // until the queue has nothing to do
            auto told = self.drain(limit, &queue);
            queue.start();
            return told;
        },
        py::arg("limit") = 4096,
        py::arg("handlers") = py::none());
    type.def(
        "handler_queue",
        [](const py::object& self,
           py::object start,
           py::object alone,
           py::object entry,
           py::object resolve,
           py::object step,
           py::object failed,
           py::object received,
           py::object ack,
           py::object not_handled) {
            const auto owned = [](py::object& given) { return py_ref(given.release().ptr()); };
            return py::cast<py_engine&>(self).queue(
                self,
                {.start = owned(start),
                 .alone = owned(alone),
                 .entry = owned(entry),
                 .resolve = owned(resolve),
                 .step = owned(step),
                 .failed = owned(failed),
                 .received = owned(received),
                 .ack = owned(ack),
                 .not_handled = owned(not_handled)});
        },
        py::kw_only(),
        py::arg("start"),
        py::arg("alone"),
        py::arg("entry"),
        py::arg("resolve"),
        py::arg("step"),
        py::arg("failed"),
        py::arg("received"),
        py::arg("ack"),
        py::arg("not_handled"));
    type.def(
        "set_interest",
        [](py_engine& self,
           const std::optional<names>& namespaces,
           const std::vector<std::pair<std::string, std::string>>& handlers,
           bool everything) {
            sio::interest wanted;
            wanted.everything = everything;
            wanted.any_namespace = !namespaces;
            if (namespaces)
                wanted.namespaces.insert(namespaces->begin(), namespaces->end());
            for (const auto& [nsp, event] : handlers)
                wanted.handlers[nsp].insert(event);
            self.get().set_interest(std::move(wanted));
        },
        py::arg("namespaces"),
        py::arg("handlers"),
        py::arg("everything"),
        without_gil());
}

void bind_questions(py::class_<py_engine>& type) {
    type.def("namespaces", [](py_engine& self) { return self.get().namespaces(); }, without_gil());
    type.def(
        "is_connected",
        [](py_engine& self, const std::string& sid, const std::string& nsp) {
            return self.get().is_connected(sid, nsp);
        },
        without_gil());
    type.def(
        "eio_sid",
        [](py_engine& self, const std::string& sid, const std::string& nsp) {
            return self.get().eio_sid(sid, nsp);
        },
        without_gil());
    type.def(
        "sid",
        [](py_engine& self, const std::string& eio_sid, const std::string& nsp) {
            return self.get().sid(eio_sid, nsp);
        },
        without_gil());
    type.def(
        "transport",
        [](py_engine& self, const std::string& eio_sid) { return self.get().transport(eio_sid); },
        without_gil());
    type.def(
        "transport_path",
        [](py_engine& self, const std::string& eio_sid) {
            return self.get().transport_path(eio_sid);
        },
        without_gil());
    type.def("sessions", [](py_engine& self) { return self.get().sessions(); }, without_gil());
    type.def("catch_up", [](py_engine& self) { self.get().catch_up(); }, without_gil());
    type.def("settled", &py_engine::settled);
    type.def("stats", [](py_engine& self) {
        auto& in = self.get();
        engine::statistics counted;
        {
            const py::gil_scoped_release released;
            counted = in.stats();
        }
        py::dict made;
        made["sessions"] = counted.sessions;
        made["sockets"] = counted.sockets;
        made["rooms"] = counted.rooms;
        made["connections"] = counted.connections;
        made["queued_bytes"] = counted.queued_bytes;
        return made;
    });
}

void bind_time(py::class_<py_engine>& type) {
    type.def("hold_time", [](py_engine& self) { self.get().hold_time(); }, without_gil());
    type.def("release_time", [](py_engine& self) { self.get().release_time(); }, without_gil());
    type.def(
        "pass_time",
        [](py_engine& self, std::int64_t most) {
            const auto passed = self.get().pass_time(std::chrono::nanoseconds(most));
            return std::chrono::duration_cast<std::chrono::nanoseconds>(passed).count();
        },
        without_gil());
}

void bind_own_port(py::class_<py_engine>& type) {
    type.def(
        "listen",
        [](py_engine& self, const std::string& host, std::uint16_t port, const std::string& path) {
            auto& in = self.get();
            try {
                const py::gil_scoped_release released;
                return in.listen(host, port, path);
            } catch (const std::system_error& error) {
                throw_os_error(error);
            } catch (const std::logic_error& error) {
                throw std::runtime_error(error.what());
            }
        });
    type.def("stop_accepting", [](py_engine& self) { self.get().stop_accepting(); }, without_gil());
    type.def("stop_listening", [](py_engine& self) { self.get().stop_listening(); }, without_gil());
}

} // namespace

void register_engine(py::module_& module) {
    // Python's own metaclass: pybind11's is for static properties, of which there are none.
    py::class_<py_engine> type(
        module, "Engine", py::metaclass(reinterpret_cast<PyObject*>(&PyType_Type)));
    bind_life(type);
    bind_commands(type);
    bind_rooms(type);
    bind_questions(type);
    bind_admin(type);
    bind_time(type);
    bind_own_port(type);
    bind_asgi_door(type);
    bind_raw(type);
    bind_custom_packets(type);
    bind_usage(type);
    bind_room_rules(type);
    bind_flow(type);
    bind_yjs(type);
}

} // namespace bindings
