#include "bindings/py_flow.hpp"

#include "bindings/py_clients.hpp"
#include "bindings/py_text.hpp"
#include "bindings/py_value.hpp"
#include "engine/emits.hpp"
#include "engine/flow.hpp"
#include "engine/replay.hpp"

#include <pybind11/stl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace bindings {

namespace py = pybind11;

namespace {

using without_gil = py::call_guard<py::gil_scoped_release>;

base::clock::duration seconds(double given) {
    return std::chrono::duration_cast<base::clock::duration>(std::chrono::duration<double>(given));
}

// Namespace, event, count, seconds, by (0: sid, 1: user, 2: address), id.
using limit = std::tuple<std::string, std::string, std::uint32_t, double, int, std::uint32_t>;

std::shared_ptr<const features::flow::limits> limits(const std::vector<limit>& list) {
    auto made = std::make_shared<features::flow::limits>();
    for (const auto& [nsp, event, count, window, by, id] : list)
        (*made)[nsp][event].push_back(
            {{count, seconds(window)}, static_cast<features::flow::counted_by>(by), id});
    return made;
}

// Namespace, event, member, last, seconds.
using dedup_rule = std::tuple<std::string, std::string, std::string, std::size_t, double>;

std::shared_ptr<const features::flow::dedup_rules> dedup(const std::vector<dedup_rule>& list) {
    auto made = std::make_shared<features::flow::dedup_rules>();
    for (const auto& [nsp, event, member, last, window] : list)
        (*made)[nsp].insert_or_assign(
            event, features::flow::dedup_rule{member, last, seconds(window)});
    return made;
}

// Namespace, glob of rooms, last, bytes, seconds.
using recording = std::tuple<std::string, std::string, std::size_t, std::size_t, double>;

std::shared_ptr<const features::flow::recordings> recordings(const std::vector<recording>& list) {
    auto made = std::make_shared<features::flow::recordings>();
    for (const auto& [nsp, rooms, last, bytes, age] : list)
        made->all.push_back({nsp, base::pattern::glob(rooms), last, bytes, seconds(age)});
    return made;
}

// The name of an event as JSON, as in an emit of it.
std::string quoted(const py::str& event) {
    std::string json;
    std::vector<base::bytes> attachments;
    if (!dump_event(json, attachments, utf8(event), Py_None))
        throw py::error_already_set();
    return json.substr(1, json.size() - 2);
}

void bind_rules(py::class_<py_engine>& type) {
    type.def(
        "set_limits",
        [](py_engine& self, const std::vector<limit>& list) {
            engine::set_limits(self.get(), limits(list));
        },
        without_gil());
    type.def(
        "set_dedup",
        [](py_engine& self, const std::vector<dedup_rule>& list) {
            engine::set_dedup(self.get(), dedup(list));
        },
        without_gil());
    type.def(
        "set_recordings",
        [](py_engine& self, const std::vector<recording>& list, const std::string& epoch) {
            engine::set_recordings(self.get(), recordings(list), epoch);
        },
        without_gil());
    type.def(
        "resume_room",
        [](py_engine& self,
           std::string sid,
           std::string nsp,
           const py::str& room,
           std::string last) {
            auto& in = self.get();
            auto name = utf8(room);
            const py::gil_scoped_release released;
            engine::resume_room(
                in, std::move(sid), std::move(nsp), std::move(name), std::move(last));
        });
    type.def("flow_stats", [](py_engine& self) {
        auto& in = self.get();
        engine::flow_statistics counted;
        {
            const py::gil_scoped_release released;
            counted = engine::flow_stats(in);
        }
        py::dict made;
        made["limited"] = counted.limited;
        made["repeated"] = counted.repeated;
        made["conflated"] = counted.conflated;
        made["volatile"] = counted.volatile_dropped;
        return made;
    });
}

void bind_emits(py::class_<py_engine>& type) {
    type.def(
        "emit_conflated",
        [](py_engine& self,
           const py::str& event,
           const py::object& data,
           std::string nsp,
           const std::optional<py::sequence>& rooms,
           const py::sequence& skip,
           const py::str& key,
           double interval) {
            auto& to = self.get();
            const auto name = utf8(event);
            features::flow::emission latest{std::move(nsp), selection(rooms, skip), {}};
            if (!self.codec().dump_event(name, data.ptr(), latest.args))
                throw py::error_already_set();
            // What differs in one of these is another stream of values.
            auto whole = latest.nsp + '\0' + name + '\0' + utf8(key);
            if (latest.whom.rooms)
                for (const auto& room : *latest.whom.rooms)
                    whole += '\0' + room;
            const py::gil_scoped_release released;
            if (engine::emit_conflated(to, whole, std::move(latest), seconds(interval)))
                to.wait_for_room();
        });
    type.def(
        "flush_conflated",
        [](py_engine& self) { engine::flush_conflated(self.get()); },
        without_gil());
    type.def(
        "use_streams", [](py_engine& self) { engine::use_streams(self.get()); }, without_gil());
    type.def(
        "open_stream",
        [](py_engine& self,
           std::string id,
           std::string nsp,
           const std::optional<py::sequence>& rooms,
           const py::str& event,
           double window,
           double linger,
           std::size_t max_bytes) {
            auto& in = self.get();
            features::flow::stream_options made{
                .id = std::move(id),
                .nsp = std::move(nsp),
                .whom = selection(rooms, py::tuple()),
                .event = quoted(event),
                .window = seconds(window),
                .linger = seconds(linger),
                .max_bytes = max_bytes};
            const py::gil_scoped_release released;
            engine::open_stream(in, std::move(made));
        });
    type.def("append_to_stream", [](py_engine& self, const std::string& id, std::string text) {
        auto& in = self.get();
        const py::gil_scoped_release released;
        if (engine::append_to_stream(in, id, std::move(text)))
            in.wait_for_room();
    });
    type.def(
        "end_stream",
        [](py_engine& self, const std::string& id, std::string error) {
            engine::end_stream(self.get(), id, std::move(error));
        },
        without_gil());
}

} // namespace

void bind_flow(py::class_<py_engine>& type) {
    bind_rules(type);
    bind_emits(type);
}

} // namespace bindings
