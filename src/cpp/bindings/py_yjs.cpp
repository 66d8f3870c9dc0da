#include "bindings/py_yjs.hpp"

#include "bindings/py_text.hpp"

#include <pybind11/stl.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace bindings {

namespace py = pybind11;

namespace {

using yjs = engine::yjs;
using chosen_options = yjs::options;
using setter = std::function<void(chosen_options&, py::handle)>;

template <auto Member>
setter set() {
    return [](chosen_options& to, py::handle value) {
        using type = std::remove_reference_t<decltype(to.*Member)>;
        if constexpr (std::is_same_v<type, std::chrono::milliseconds>)
            to.*Member = std::chrono::milliseconds(value.cast<long long>());
        else
            to.*Member = value.cast<type>();
    };
}

chosen_options read(const py::dict& given) {
    using o = chosen_options;
    static const std::map<std::string, setter> setters{
        {"open_webui", set<&o::open_webui>()},
        {"y_socket_io", set<&o::y_socket_io>()},
        {"asks_access", set<&o::asks_access>()},
        {"loads", set<&o::loads>()},
        {"keeps_updates", set<&o::keeps_updates>()},
        {"durable", set<&o::durable>()},
        {"stores", set<&o::stores>()},
        {"max_update_bytes", set<&o::max_update_bytes>()},
        {"max_document_bytes", set<&o::max_document_bytes>()},
        {"max_documents_per_session", set<&o::max_documents_a_session>()},
        {"max_documents", set<&o::max_documents>()},
        {"max_total_bytes", set<&o::max_total_bytes>()},
        {"max_awareness_bytes", set<&o::max_awareness_bytes>()},
        {"max_awareness_rate", set<&o::max_awareness_rate>()},
        {"max_unkept_bytes", set<&o::max_unkept_bytes>()},
        {"max_data_bytes", set<&o::max_data_bytes>()},
        {"tail_updates", set<&o::tail_updates>()},
        {"tail_bytes", set<&o::tail_bytes>()},
        {"drop_deleted", set<&o::drop_deleted>()},
        {"store_after_ms", set<&o::store_after>()},
        {"store_within_ms", set<&o::store_within>()},
        {"retry_after_ms", set<&o::retry_after>()},
        {"retry_within_ms", set<&o::retry_within>()},
        {"unload_after_ms", set<&o::unload_after>()},
    };
    chosen_options made;
    for (const auto& [name, value] : given) {
        const auto found = setters.find(name.cast<std::string>());
        if (found == setters.end())
            throw py::value_error("unknown option '" + name.cast<std::string>() + "'");
        found->second(made, value);
    }
    return made;
}

// Calls it without the GIL.
template <class Call>
auto released(py_engine& self, Call call) {
    (void)self.get();
    const auto documents = self.documents();
    const py::gil_scoped_release without_gil;
    return call(*documents);
}

std::string copied(const py::bytes& data) {
    return std::string(std::string_view(data));
}

py::dict counted(const yjs::counters& counters) {
    py::dict made;
    made["documents"] = counters.documents;
    made["members"] = counters.members;
    made["bytes"] = counters.bytes;
    made["unkept_bytes"] = counters.unkept_bytes;
    made["tail_updates"] = counters.tail_updates;
    made["tail_bytes"] = counters.tail_bytes;
    made["joins"] = counters.joins;
    made["updates"] = counters.updates;
    made["update_bytes"] = counters.update_bytes;
    made["duplicates"] = counters.duplicates;
    made["awareness"] = counters.awareness;
    made["awareness_thinned"] = counters.awareness_thinned;
    made["awareness_foreign"] = counters.awareness_foreign;
    made["data_dropped"] = counters.data_dropped;
    made["damaged_updates"] = counters.damaged_updates;
    made["compactions"] = counters.compactions;
    made["failed_compactions"] = counters.failed_compactions;
    py::dict refused;
    for (const auto& [reason, count] : yjs::refusals(counters))
        refused[reason] = count;
    made["refused"] = refused;
    return made;
}

void bind_answers(py::class_<py_engine>& type) {
    type.def(
        "yjs_access",
        [](py_engine& self,
           const std::string& sid,
           const py::str& nsp,
           const py::str& document,
           int may,
           const std::string& user) {
            auto names = std::pair(utf8(nsp), utf8(document));
            released(self, [&](yjs& to) {
                to.on_access(
                    sid,
                    std::move(names.first),
                    std::move(names.second),
                    static_cast<yjs::access>(may),
                    user);
            });
        });
    type.def(
        "yjs_loaded",
        [](py_engine& self,
           const py::str& document,
           const std::string& epoch,
           std::uint64_t number,
           const std::vector<py::bytes>& updates,
           const py::bytes& seed,
           const std::string& content) {
            yjs::loaded_document loaded{
                .ok = true,
                .epoch = epoch,
                .number = number,
                .updates = {},
                .seed = copied(seed),
                .content = content};
            for (const auto& each : updates)
                loaded.updates.push_back(copied(each));
            released(self, [&, name = utf8(document)](yjs& to) {
                to.on_loaded(name, std::move(loaded));
            });
        });
    type.def("yjs_not_loaded", [](py_engine& self, const py::str& document) {
        released(self, [name = utf8(document)](yjs& to) { to.on_loaded(name, {}); });
    });
    type.def("yjs_kept", [](py_engine& self, const py::str& document, std::uint64_t number) {
        released(self, [name = utf8(document), number](yjs& to) { to.on_kept(name, number); });
    });
    type.def("yjs_stored", [](py_engine& self, const py::str& document, bool stored) {
        released(self, [name = utf8(document), stored](yjs& to) { to.on_stored(name, stored); });
    });
}

} // namespace

void bind_yjs(py::class_<py_engine>& type) {
    type.def("yjs_serve", [](py_engine& self, const py::dict& options) {
        const auto chosen = read(options);
        try {
            self.share_documents(std::make_shared<yjs>(self.get(), chosen));
        } catch (const std::logic_error& error) {
            throw std::runtime_error(error.what());
        }
    });
    bind_answers(type);
    type.def("yjs_snapshot", [](py_engine& self, std::uint64_t question, const py::str& document) {
        released(
            self, [question, name = utf8(document)](yjs& to) { to.ask_state(question, name); });
    });
    type.def(
        "yjs_apply",
        [](py_engine& self,
           std::uint64_t question,
           const py::str& document,
           const py::bytes& update) {
            released(
                self, [question, name = utf8(document), data = copied(update)](yjs& to) mutable {
                    to.apply(question, name, std::move(data));
                });
        });
    type.def("yjs_clear", [](py_engine& self, std::uint64_t question, const py::str& document) {
        released(self, [question, name = utf8(document)](yjs& to) { to.clear(question, name); });
    });
    type.def("yjs_members", [](py_engine& self, std::uint64_t question, const py::str& document) {
        released(
            self, [question, name = utf8(document)](yjs& to) { to.ask_members(question, name); });
    });
    type.def("yjs_documents", [](py_engine& self, std::uint64_t question, const std::string& sid) {
        released(self, [question, sid](yjs& to) { to.ask_documents(question, sid); });
    });
    type.def("yjs_put_out", [](py_engine& self, const py::str& document, const std::string& sid) {
        released(self, [name = utf8(document), sid](yjs& to) { to.put_out(name, sid); });
    });
    type.def("yjs_bound", [](py_engine& self, const std::string& sid, const py::str& user) {
        released(self, [&sid, name = utf8(user)](yjs& to) { to.on_bound(sid, name); });
    });
    type.def("yjs_flush", [](py_engine& self, bool failed_too) {
        return released(self, [failed_too](yjs& to) { return to.flush(failed_too); });
    });
    type.def("yjs_stats", [](py_engine& self) {
        return counted(released(self, [](yjs& to) { return to.counted(); }));
    });
}

} // namespace bindings
