#include "bindings/py_presence.hpp"

#include "bindings/py_engine.hpp"
#include "bindings/py_text.hpp"
#include "engine/presence.hpp"

#include <pybind11/stl.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace bindings {

namespace py = pybind11;

namespace {

// In UTF-8 on the way in and out, lone surrogates in three bytes each: any str names a topic.
using name = py::str;

py::object sid_or_none(const base::sid& sid) {
    return sid == base::sid() ? py::object(py::none()) : str(sid);
}

base::sid parsed(const std::string& sid) {
    const auto made = base::sid::parse(sid);
    if (!made)
        throw py::value_error("a sid has 20 characters");
    return *made;
}

// See `_core.pyi`, PresenceEntry.
py::tuple entry(const engine::presence_entry& of) {
    const auto comma = of.place.find(',');
    return py::make_tuple(
        str(std::string_view(of.place).substr(0, comma)),
        str(std::string_view(of.place).substr(comma + 1)),
        str(of.key),
        str(of.ref),
        sid_or_none(of.sid),
        of.joined_at,
        of.idle,
        str(of.meta),
        of.node);
}

py::list entries(const std::vector<engine::presence_entry>& list) {
    py::list made;
    for (const auto& each : list)
        made.append(entry(each));
    return made;
}

py::list present(const std::vector<engine::present>& list) {
    py::list made;
    for (const auto& each : list) {
        py::object ago = py::none();
        if (each.active_ago)
            ago = py::float_(std::chrono::duration<double>(*each.active_ago).count());
        made.append(py::make_tuple(entry(each.entry), ago));
    }
    return made;
}

py::list texts(const std::vector<std::string>& list) {
    py::list made;
    for (const auto& each : list)
        made.append(str(each));
    return made;
}

using given =
    std::tuple<name, name, name, std::string, std::optional<std::string>, std::int64_t, bool, name>;

std::vector<engine::presence_entry> taken(std::uint16_t node, const std::vector<given>& list) {
    std::vector<engine::presence_entry> made;
    for (const auto& [nsp, topic, key, ref, sid, joined_at, idle, meta] : list)
        made.push_back(
            {.place = utf8(nsp) + "," + utf8(topic),
             .key = utf8(key),
             .meta = utf8(meta),
             .joined_at = joined_at,
             .ref = parsed(ref),
             .sid = sid ? parsed(*sid) : base::sid(),
             .node = node,
             .idle = idle});
    return made;
}

std::chrono::milliseconds milliseconds(double seconds) {
    return std::chrono::milliseconds(static_cast<long long>(seconds * 1000));
}

class py_presence {
public:
    explicit py_presence(py_engine& in) : in_(in), presence_(in.get()) {}

    // Calls with the presence, without the GIL.
    template <class Work>
    auto with(Work work) {
        (void)in_.get(); // in a forked child it says what is wrong
        const py::gil_scoped_release released;
        return work(presence_);
    }

private:
    py_engine& in_;
    engine::presence presence_;
};

void bind_commands(py::class_<py_presence>& type) {
    type.def(
        "configure",
        [](py_presence& self,
           double tick,
           double grace,
           double idle_after,
           std::size_t count_above,
           std::size_t max_entries) {
            self.with([&](engine::presence& in) {
                in.configure(
                    {.tick = milliseconds(tick),
                     .grace = milliseconds(grace),
                     .idle_after = milliseconds(idle_after),
                     .count_above = count_above,
                     .max_entries = max_entries});
            });
        },
        py::kw_only(),
        py::arg("tick"),
        py::arg("grace"),
        py::arg("idle_after"),
        py::arg("count_above"),
        py::arg("max_entries"));
    type.def("set_telling", [](py_presence& self, bool wanted) {
        self.with([&](engine::presence& in) { in.set_telling(wanted); });
    });
    type.def(
        "track",
        [](py_presence& self,
           const name& nsp,
           const name& topic,
           const name& key,
           const std::string& sid,
           const name& meta) {
            const auto result =
                self.with([n = utf8(nsp), t = utf8(topic), k = utf8(key), &sid, m = utf8(meta)](
                              engine::presence& in) { return in.track(n, t, k, sid, m); });
            return static_cast<int>(result);
        });
    type.def(
        "update",
        [](py_presence& self,
           const name& nsp,
           const name& topic,
           const std::string& sid,
           const name& meta) {
            return self.with([n = utf8(nsp), t = utf8(topic), &sid, m = utf8(meta)](
                                 engine::presence& in) { return in.update(n, t, sid, m); });
        });
    type.def(
        "untrack",
        [](py_presence& self, const name& nsp, const name& topic, const std::string& sid) {
            self.with([n = utf8(nsp), t = utf8(topic), &sid](engine::presence& in) {
                in.untrack(n, t, sid);
            });
        });
    type.def("forget", [](py_presence& self, const std::string& sid) {
        self.with([&](engine::presence& in) { in.forget(sid); });
    });
    type.def("client_dropped", [](py_presence& self, const std::string& sid) {
        self.with([&](engine::presence& in) { in.client_dropped(sid); });
    });
    type.def("put", [](py_presence& self, std::uint16_t node, const std::vector<given>& list) {
        self.with(
            [made = taken(node, list)](engine::presence& in) mutable { in.put(std::move(made)); });
    });
    type.def("drop", [](py_presence& self, std::uint16_t node, const std::vector<given>& list) {
        self.with(
            [made = taken(node, list)](engine::presence& in) mutable { in.drop(std::move(made)); });
    });
    type.def("drop_node", [](py_presence& self, std::uint16_t node) {
        self.with([&](engine::presence& in) { in.drop_node(node); });
    });
}

void bind_questions(py::class_<py_presence>& type) {
    type.def(
        "list",
        [](py_presence& self,
           const name& nsp,
           const name& topic,
           const name& after,
           std::size_t limit) {
            return present(
                self.with([n = utf8(nsp), t = utf8(topic), a = utf8(after), limit](
                              engine::presence& in) { return in.list(n, t, a, limit); }));
        });
    type.def("of_sid", [](py_presence& self, const std::string& sid) {
        return present(self.with([&](engine::presence& in) { return in.of_sid(sid); }));
    });
    type.def("sids", [](py_presence& self, const name& key) {
        return texts(
            self.with([k = utf8(key)](engine::presence& in) { return in.sids_of_key(k); }));
    });
    type.def("is_online", [](py_presence& self, const name& key) {
        return self.with([k = utf8(key)](engine::presence& in) { return in.is_online(k); });
    });
    type.def("own", [](py_presence& self) {
        return entries(self.with([](engine::presence& in) { return in.of_this_process(); }));
    });
    type.def("keys", [](py_presence& self, const name& nsp, const name& topic) {
        return texts(self.with(
            [n = utf8(nsp), t = utf8(topic)](engine::presence& in) { return in.keys(n, t); }));
    });
    type.def("count", [](py_presence& self, const name& nsp, const name& topic) {
        return self.with(
            [n = utf8(nsp), t = utf8(topic)](engine::presence& in) { return in.users(n, t); });
    });
}

} // namespace

void register_presence(py::module_& module) {
    py::class_<py_presence> type(
        module, "Presence", py::metaclass(reinterpret_cast<PyObject*>(&PyType_Type)));
    type.def(py::init<py_engine&>(), py::keep_alive<1, 2>());
    bind_commands(type);
    bind_questions(type);
    module.attr("TRACK_OK") = static_cast<int>(engine::track_result::ok);
    module.attr("TRACK_UNKNOWN_SID") = static_cast<int>(engine::track_result::unknown_sid);
    module.attr("TRACK_ROOM_LIMIT") = static_cast<int>(engine::track_result::room_limit);
    module.attr("TRACK_TOPIC_FULL") = static_cast<int>(engine::track_result::topic_full);
}

} // namespace bindings
