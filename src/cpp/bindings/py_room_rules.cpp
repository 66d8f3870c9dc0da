#include "bindings/py_room_rules.hpp"

#include "bindings/py_text.hpp"
#include "engine/room_rules.hpp"

#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace bindings {

namespace py = pybind11;

namespace {

using choices = std::vector<std::pair<std::string, std::string>>;
// Namespace, parameter, message, and its choices: pattern and room.
using query_rule = std::tuple<std::string, std::string, std::string, choices>;
// Namespace, event, whether it leaves, and the rest as above.
using event_rule = std::tuple<std::string, std::string, bool, std::string, std::string, choices>;

features::rooms::rule
rule(const std::string& parameter, const std::string& message, const choices& list) {
    features::rooms::rule made{parameter, message, {}};
    for (const auto& [pattern, room] : list)
        made.choices.emplace_back(pattern, room, parameter);
    return made;
}

// Throws std::invalid_argument, a ValueError in Python.
std::shared_ptr<const features::rooms::rules> rules(
    const std::vector<query_rule>& query,
    const std::vector<event_rule>& events,
    const std::vector<std::pair<std::string, std::string>>& asked,
    const std::vector<std::string>& switches) {
    auto made = std::make_shared<features::rooms::rules>();
    for (const auto& [nsp, parameter, message, list] : query)
        (*made)[nsp].query.push_back(rule(parameter, message, list));
    for (const auto& [nsp, event, leaves, parameter, message, list] : events)
        (*made)[nsp].events.insert_or_assign(
            event, features::rooms::event_rule{rule(parameter, message, list), leaves});
    for (const auto& [nsp, glob] : asked)
        (*made)[nsp].asked.push_back(base::pattern::glob(glob));
    for (const auto& nsp : switches)
        (*made)[nsp].switches = true;
    return made;
}

} // namespace

void bind_room_rules(py::class_<py_engine>& type) {
    type.def(
        "set_room_rules",
        [](py_engine& self,
           const std::vector<query_rule>& query,
           const std::vector<event_rule>& events,
           const std::vector<std::pair<std::string, std::string>>& asked,
           const std::vector<std::string>& switches) {
            auto& in = self.get();
            engine::set_room_rules(in, rules(query, events, asked, switches));
        },
        py::arg("query"),
        py::arg("events"),
        py::arg("asked"),
        py::arg("switches"),
        py::call_guard<py::gil_scoped_release>());
    type.def(
        "room_judged",
        [](py_engine& self, std::string sid, std::string nsp, const py::str& room, bool allowed) {
            auto& in = self.get();
            auto name = utf8(room);
            const py::gil_scoped_release released;
            engine::room_judged(in, std::move(sid), std::move(nsp), std::move(name), allowed);
        });
    type.def(
        "revoke_room",
        [](py_engine& self, const std::string& sid, const std::string& nsp, const py::str& room) {
            auto& in = self.get();
            const auto name = utf8(room);
            const py::gil_scoped_release released;
            return engine::revoke_room(in, sid, nsp, name);
        });
    type.def("watch_rooms", [](py_engine& self) {
        auto& in = self.get();
        std::vector<std::pair<std::string, sio::room_figures>> counted;
        {
            const py::gil_scoped_release released;
            counted = engine::watch_rooms(in);
        }
        py::list rooms;
        for (const auto& [nsp, room] : counted)
            rooms.append(py::make_tuple(str(nsp), str(room.name), room.members));
        return rooms;
    });
    type.def("room_counts", [](py_engine& self, const std::string& nsp) {
        auto& in = self.get();
        engine::room_statistics counted;
        {
            const py::gil_scoped_release released;
            counted = engine::room_counts(in, nsp);
        }
        py::list rooms;
        for (const auto& [room, members, sent] : counted.rooms)
            rooms.append(py::make_tuple(str(room), members, sent));
        return py::make_tuple(counted.sockets, rooms);
    });
}

} // namespace bindings
