#include "bindings/py_clients.hpp"

#include "bindings/py_emit.hpp"
#include "bindings/py_text.hpp"

#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bindings {

namespace py = pybind11;

namespace {

using without_gil = py::call_guard<py::gil_scoped_release>;
using names = std::vector<std::string>;

} // namespace

sio::selection selection(
    const std::optional<py::sequence>& rooms,
    const py::sequence& skip,
    const py::sequence& except) {
    sio::selection whom;
    if (rooms)
        whom.rooms = utf8_list(*rooms);
    whom.skip_sids = utf8_list(skip);
    whom.except_rooms = utf8_list(except);
    return whom;
}

namespace {

// What emits and acks carry, encoded while the GIL is held.
template <class Dump>
sio::arguments encoded(Dump dump) {
    sio::arguments args;
    if (!dump(args))
        throw py::error_already_set();
    return args;
}

} // namespace

void bind_commands(py::class_<py_engine>& type) {
    type.def_property_readonly("quick_emit", [](const py::object& self) {
        auto& engine = py::cast<py_engine&>(self);
        auto* made = make_quick_emit(self.ptr(), engine.get(), engine.codec(), engine.turn());
        if (!made)
            throw py::error_already_set();
        return py::reinterpret_steal<py::object>(made);
    });
    type.def(
        "emit",
        [](py_engine& self,
           const py::str& event,
           const py::object& data,
           std::string nsp,
           const std::optional<py::sequence>& rooms,
           const py::sequence& skip,
           sio::ack_token token,
           const py::sequence& except,
           bool is_volatile,
           bool compress) {
            auto& to = self.get();
            auto args = encoded([&](sio::arguments& made) {
                return self.codec().dump_event(utf8(event), data.ptr(), made);
            });
            auto whom = selection(rooms, skip, except);
            whom.is_volatile = is_volatile;
            whom.compress = compress;
            const py::gil_scoped_release released;
            if (to.emit(std::move(nsp), std::move(whom), std::move(args), token))
                to.wait_for_room();
        },
        py::arg("event"),
        py::arg("data"),
        py::arg("namespace"),
        py::arg("rooms"),
        py::arg("skip_sids"),
        py::arg("token") = 0,
        py::arg("except_rooms") = py::tuple(),
        py::arg("is_volatile") = false,
        py::arg("compress") = true,
        py::pos_only());
    type.def(
        "send_ack",
        [](py_engine& self,
           const std::string& sid,
           std::string nsp,
           std::uint64_t id,
           const py::object& data) {
            auto& to = self.get();
            const auto parsed = base::sid::parse(sid);
            if (!parsed)
                return; // the id of nobody
            auto args = encoded(
                [&](sio::arguments& made) { return self.codec().dump_args(data.ptr(), made); });
            const py::gil_scoped_release released;
            to.send_ack(*parsed, std::move(nsp), id, std::move(args));
        });
    type.def(
        "refuse", [](py_engine& self, std::string sid, std::string nsp, const py::object& reason) {
            auto& to = self.get();
            auto args = encoded(
                [&](sio::arguments& made) { return self.codec().dump(reason.ptr(), made); });
            if (!args.attachments.empty()) // Socket.IO v5: only events and acks have any
                throw py::value_error("the data of a refusal must be JSON: it cannot have bytes");
            const py::gil_scoped_release released;
            to.refuse(std::move(sid), std::move(nsp), std::move(args.json));
        });
    type.def(
        "forget_token",
        [](py_engine& self, sio::ack_token token) { self.get().forget_token(token); },
        without_gil());
    type.def(
        "accept",
        [](py_engine& self, std::string sid, std::string nsp) {
            self.get().accept(std::move(sid), std::move(nsp));
        },
        without_gil());
    type.def(
        "disconnect",
        [](py_engine& self, std::string sid, std::string nsp) {
            self.get().disconnect(std::move(sid), std::move(nsp));
        },
        without_gil());
    type.def(
        "disconnect_done",
        [](py_engine& self, std::string sid, std::string nsp) {
            self.get().disconnect_done(std::move(sid), std::move(nsp));
        },
        without_gil());
    type.def(
        "events_done",
        [](py_engine& self, const std::string& eio_sid, std::size_t count) {
            if (const auto parsed = base::sid::parse(eio_sid))
                self.get().events_done({{*parsed, count}});
        },
        without_gil());
    type.def(
        "close_session",
        [](py_engine& self, std::string eio_sid) { self.get().close_session(std::move(eio_sid)); },
        without_gil());
    type.def(
        "close_sessions",
        [](py_engine& self, names eio_sids, unsigned reason, bool when_sent) {
            if (reason >= eio::close_reasons)
                throw py::value_error("no reason: " + std::to_string(reason));
            self.get().close_sessions(
                std::move(eio_sids),
                static_cast<eio::close_reason>(reason),
                when_sent ? engine::closing::when_sent : engine::closing::at_once);
        },
        py::arg("eio_sids"),
        py::arg("reason"),
        py::arg("when_sent") = false,
        py::pos_only(),
        without_gil());
}

void bind_rooms(py::class_<py_engine>& type) {
    type.def(
        "enter_room",
        [](py_engine& self, const std::string& sid, const std::string& nsp, const py::str& room) {
            auto& in = self.get();
            const auto name = utf8(room);
            const py::gil_scoped_release released;
            return static_cast<int>(in.enter_room(sid, nsp, name));
        });
    type.def(
        "leave_room", [](py_engine& self, std::string sid, std::string nsp, const py::str& room) {
            auto& in = self.get();
            auto name = utf8(room);
            const py::gil_scoped_release released;
            in.leave_room(std::move(sid), std::move(nsp), std::move(name));
        });
    type.def("close_room", [](py_engine& self, const py::str& room, const std::string& nsp) {
        auto& in = self.get();
        const auto name = utf8(room);
        const py::gil_scoped_release released;
        return static_cast<int>(in.close_room(name, nsp));
    });
    type.def("rooms", [](py_engine& self, const std::string& sid, const std::string& nsp) {
        auto& in = self.get();
        names list;
        {
            const py::gil_scoped_release released;
            list = in.rooms(sid, nsp);
        }
        return str_list(list);
    });
    type.def("room_names", [](py_engine& self, const std::string& nsp) {
        auto& in = self.get();
        names list;
        {
            const py::gil_scoped_release released;
            list = in.room_names(nsp);
        }
        return str_list(list);
    });
    type.def(
        "participants",
        [](py_engine& self,
           const std::string& nsp,
           const std::optional<py::sequence>& rooms,
           const py::sequence& except) {
            auto& in = self.get();
            const auto whom = selection(rooms, py::tuple(), except);
            const py::gil_scoped_release released;
            return in.participants(nsp, whom);
        },
        py::arg("namespace"),
        py::arg("rooms"),
        py::arg("except_rooms") = py::tuple(),
        py::pos_only());
    type.def(
        "receivers",
        [](py_engine& self,
           const std::string& nsp,
           const py::sequence& sids,
           const std::optional<py::sequence>& rooms,
           const py::sequence& skip,
           const py::sequence& except) {
            auto& in = self.get();
            const auto whom = selection(rooms, skip, except);
            const auto among = utf8_list(sids);
            names list;
            {
                const py::gil_scoped_release released;
                list = in.receivers(nsp, whom, among);
            }
            return str_list(list);
        },
        py::arg("namespace"),
        py::arg("sids"),
        py::arg("rooms"),
        py::arg("skip_sids") = py::tuple(),
        py::arg("except_rooms") = py::tuple(),
        py::pos_only());
    type.def(
        "away",
        [](py_engine& self,
           const std::string& nsp,
           const std::optional<py::sequence>& rooms,
           const py::sequence& except) {
            auto& in = self.get();
            const auto whom = selection(rooms, py::tuple(), except);
            names list;
            {
                const py::gil_scoped_release released;
                list = in.away(nsp, whom);
            }
            return str_list(list);
        },
        py::arg("namespace"),
        py::arg("rooms"),
        py::arg("except_rooms") = py::tuple(),
        py::pos_only());
    type.def(
        "room_size",
        [](py_engine& self, const std::string& nsp, const std::optional<py::str>& room) {
            auto& in = self.get();
            const auto name = room ? std::optional(utf8(*room)) : std::nullopt;
            const py::gil_scoped_release released;
            return in.room_size(nsp, name);
        });
    type.def(
        "in_room",
        [](py_engine& self, const std::string& sid, const std::string& nsp, const py::str& room) {
            auto& in = self.get();
            const auto name = utf8(room);
            const py::gil_scoped_release released;
            return in.in_room(sid, nsp, name);
        });
}

} // namespace bindings
