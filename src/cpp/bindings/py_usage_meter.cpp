// The class UsageMeter.
#include "bindings/py_usage.hpp"
#include "bindings/py_usage_values.hpp"

#include <pybind11/stl.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace bindings {

namespace py = pybind11;
namespace usage = engine::usage;

namespace {

using without_gil = py::call_guard<py::gil_scoped_release>;

py::object taken(usage::meter& from) {
    usage::batch next;
    try {
        const py::gil_scoped_release released;
        next = from.take();
    } catch (const std::system_error& error) {
        throw_os_error(error);
    }
    if (next.rows.empty())
        return py::none();
    py::list ids(next.ids.size());
    for (std::size_t i = 0; i < next.ids.size(); ++i) {
        const auto& each = next.ids[i];
        ids[i] =
            py::make_tuple(each.id, each.row, each.sum.in, each.sum.out, each.sum.total, each.at);
    }
    return py::make_tuple(next.seq, usage_rows(next.rows), ids);
}

std::vector<bool> record_many(usage::meter& in, const py::sequence& records) {
    const auto list = py::reinterpret_steal<py::object>(
        PySequence_Tuple(records.ptr())); // the strings' owner while they are counted
    if (!list)
        throw py::error_already_set();
    const auto now = usage::unix_time();
    std::vector<usage::record> made;
    made.reserve(py::len(list));
    std::vector<py::tuple> owners;
    owners.reserve(py::len(list));
    for (const auto each : list) {
        const auto fields = py::tuple(py::reinterpret_borrow<py::object>(each));
        if (fields.size() < 3 || fields.size() > 5)
            throw py::value_error(
                "a record is (model, prompt_tokens, completion_tokens[, user[, id]]), not " +
                py::repr(each).cast<std::string>());
        const auto field = [&](std::size_t at) {
            return at < fields.size() ? py::object(fields[at]) : py::object(py::none());
        };
        made.push_back(
            usage_record(field(0), field(1), field(2), py::none(), field(3), field(4), now));
        if (const auto result = check(made.back(), now); result != usage::outcome::counted)
            (void)was_counted(result);
        owners.push_back(fields);
    }
    std::vector<usage::outcome> outcomes;
    {
        const py::gil_scoped_release released;
        outcomes = in.count_many(std::move(made), now);
    }
    std::vector<bool> results;
    results.reserve(outcomes.size());
    for (const auto each : outcomes)
        results.push_back(was_counted(each));
    return results;
}

using meter_class = py::class_<usage::meter, std::shared_ptr<usage::meter>>;

void bind_counting(meter_class& type) {
    type.def(
        "record",
        [](usage::meter& self,
           py::handle model,
           py::handle in,
           py::handle out,
           py::handle total,
           py::handle user,
           py::handle id,
           std::int64_t at) {
            return was_counted(
                self.count(usage_record(model, in, out, total, user, id, at), usage::unix_time()));
        },
        py::arg("model"),
        py::arg("prompt_tokens"),
        py::arg("completion_tokens"),
        py::arg("total_tokens"),
        py::arg("user"),
        py::arg("id"),
        py::arg("at") = 0,
        py::pos_only());
    type.def("record_many", &record_many, py::arg("records"), py::pos_only());
    type.def("totals", [](const usage::meter& self) { return usage_rows(self.totals()); });
    type.def(
        "rows",
        [](const usage::meter& self,
           std::int64_t from,
           const std::optional<std::string>& model,
           const std::optional<std::string>& user,
           const std::optional<std::string>& group) {
            return usage_rows(self.rows(from, model, user, group));
        },
        py::arg("from_minute"),
        py::arg("model"),
        py::arg("user"),
        py::arg("group"),
        py::pos_only());
    type.def("statistics", [](const usage::meter& self) {
        const auto counted = self.statistics();
        py::dict made;
        made["records"] = counted.records;
        made["duplicates"] = counted.duplicates;
        made["refused"] = counted.refused;
        made["touches"] = counted.touches;
        made["ids"] = counted.ids;
        return made;
    });
}

void bind_limits(meter_class& type) {
    type.def(
        "declare",
        [](usage::meter& self,
           const std::string& name,
           const std::vector<std::string>& models,
           std::vector<std::int64_t> starts,
           std::int64_t rolling_minutes,
           std::optional<std::int64_t> limit) {
            return self.declare(
                name,
                models,
                {.starts = std::move(starts), .rolling_minutes = rolling_minutes},
                limit);
        },
        py::arg("name"),
        py::arg("models"),
        py::arg("starts"),
        py::arg("rolling_minutes"),
        py::arg("limit"),
        py::pos_only());
    type.def(
        "state",
        [](usage::meter& self, const std::string& group) -> py::object {
            const auto of = self.state(group, usage::unix_time(), base::clock::now());
            if (!of)
                return py::none();
            return py::make_tuple(
                of->used.in,
                of->used.out,
                of->used.total,
                of->used.events,
                of->reserved,
                of->limit,
                of->resets_at);
        },
        py::arg("group"),
        py::pos_only());
    type.def(
        "try_reserve",
        [](usage::meter& self, const std::string& group, std::int64_t tokens) {
            return self.try_reserve(group, tokens, usage::unix_time(), base::clock::now());
        },
        py::arg("group"),
        py::arg("tokens"),
        py::pos_only());
    type.def("release", &usage::meter::release, py::arg("reservation"), py::pos_only());
    type.def(
        "commit",
        [](usage::meter& self,
           std::uint64_t reservation,
           py::handle model,
           py::handle in,
           py::handle out,
           py::handle total,
           py::handle user,
           py::handle id) {
            return was_counted(self.commit(
                reservation, usage_record(model, in, out, total, user, id, 0), usage::unix_time()));
        },
        py::arg("reservation"),
        py::arg("model"),
        py::arg("prompt_tokens"),
        py::arg("completion_tokens"),
        py::arg("total_tokens"),
        py::arg("user"),
        py::arg("id"),
        py::pos_only());
}

void bind_store(meter_class& type) {
    type.def(
        "collect",
        [](usage::meter& self,
           std::uint64_t seq,
           const std::optional<std::string>& folder,
           bool each) {
            try {
                self.collect(seq, folder, each);
            } catch (const std::system_error& error) {
                throw_os_error(error);
            }
        },
        py::arg("seq"),
        py::arg("journal_folder"),
        py::arg("each"),
        py::pos_only());
    type.def(
        "wait",
        [](usage::meter& self, double seconds) {
            return self.wait(std::chrono::milliseconds(std::lround(seconds * 1000)));
        },
        py::arg("seconds"),
        py::pos_only(),
        without_gil());
    type.def("wake", &usage::meter::wake, without_gil());
    type.def("take", &taken);
    type.def(
        "replay",
        [](usage::meter& self, const std::string& path, bool pending) {
            try {
                const py::gil_scoped_release released;
                const auto now = usage::unix_time();
                std::size_t restored = 0;
                for (const auto& each : usage::read_journal(path))
                    if (self.restore(each, now, pending) == usage::outcome::counted)
                        ++restored;
                return restored;
            } catch (const std::system_error& error) {
                throw_os_error(error);
            }
        },
        py::arg("path"),
        py::arg("pending"),
        py::pos_only());
    type.def(
        "restore",
        [](usage::meter& self,
           std::string model,
           std::string user,
           std::vector<std::string> groups,
           std::int64_t minute,
           std::int64_t in,
           std::int64_t out,
           std::int64_t total,
           std::int64_t events) {
            return self.restore(
                       {.counted =
                            {.model = std::move(model),
                             .user = std::move(user),
                             .groups = std::move(groups),
                             .minute = minute,
                             .sum = {in, out, total, events}},
                        .id = {},
                        .at = 0},
                       usage::unix_time(),
                       false) == usage::outcome::counted;
        },
        py::arg("model"),
        py::arg("user"),
        py::arg("groups"),
        py::arg("minute"),
        py::arg("prompt_tokens"),
        py::arg("completion_tokens"),
        py::arg("total_tokens"),
        py::arg("events"),
        py::pos_only());
    type.def(
        "remember",
        [](usage::meter& self, const std::vector<std::pair<std::string, std::int64_t>>& ids) {
            const auto now = usage::unix_time();
            for (const auto& [id, at] : ids)
                self.remember(id, at, now);
        },
        py::arg("ids"),
        py::pos_only());
}

} // namespace

void register_usage_meter(py::module_& module) {
    meter_class type(
        module, "UsageMeter", py::metaclass(reinterpret_cast<PyObject*>(&PyType_Type)));
    type.def(
        py::init([](std::size_t most_ids,
                    std::int64_t id_seconds,
                    std::int64_t keep_minutes,
                    double in_use_seconds,
                    double reservation_seconds,
                    std::uint64_t flush_records) {
            usage::meter_options options;
            options.most_ids = most_ids;
            options.id_seconds = id_seconds;
            options.keep_minutes = keep_minutes;
            options.in_use_ttl = std::chrono::milliseconds(std::lround(in_use_seconds * 1000));
            options.reservation_ttl = std::chrono::seconds(std::lround(reservation_seconds));
            options.flush_records = flush_records;
            return std::make_shared<usage::meter>(options);
        }),
        py::kw_only(),
        py::arg("most_ids") = 1'000'000,
        py::arg("id_seconds") = 24 * 3600,
        py::arg("keep_minutes") = 25 * 60,
        py::arg("in_use_seconds") = 3.0,
        py::arg("reservation_seconds") = 600.0,
        py::arg("flush_records") = 1000);
    bind_counting(type);
    bind_limits(type);
    bind_store(type);
}

} // namespace bindings
