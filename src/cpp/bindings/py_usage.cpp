#include "bindings/py_usage.hpp"

#include "engine/usage.hpp"

#include <pybind11/stl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bindings {

namespace py = pybind11;
namespace usage = engine::usage;

namespace {

double seconds(base::clock::duration of) {
    return std::chrono::duration<double>(of).count();
}

} // namespace

void bind_usage(py::class_<py_engine>& type) {
    using shared_meter = std::shared_ptr<usage::meter>;
    type.def(
        "usage_listen",
        [](py_engine& self,
           shared_meter meter,
           std::string event,
           std::string nsp,
           bool tokens,
           const std::vector<std::string>& models,
           std::optional<std::string> broadcast,
           std::optional<std::string> room) {
            usage::usage_options options;
            options.event = std::move(event);
            options.nsp = std::move(nsp);
            options.tokens = tokens;
            options.models.insert(models.begin(), models.end());
            options.broadcast = std::move(broadcast);
            options.room = std::move(room);
            usage::listen(self.get(), std::move(meter), options);
        },
        py::arg("meter"),
        py::arg("event"),
        py::arg("namespace"),
        py::arg("tokens"),
        py::arg("models"),
        py::arg("broadcast"),
        py::arg("room"),
        py::pos_only());
    type.def(
        "usage_touch",
        [](py_engine& self, shared_meter meter, std::string model) {
            usage::touch(self.get(), std::move(meter), std::move(model));
        },
        py::arg("meter"),
        py::arg("model"),
        py::pos_only());
    type.def(
        "usage_touch_remote",
        [](py_engine& self,
           shared_meter meter,
           const std::vector<std::pair<std::string, double>>& models) {
            std::vector<usage::remote_use> list;
            for (const auto& [model, remaining] : models)
                list.push_back(
                    {model,
                     std::chrono::duration_cast<base::clock::duration>(
                         std::chrono::duration<double>(remaining))});
            usage::touch_remote(self.get(), std::move(meter), std::move(list));
        },
        py::arg("meter"),
        py::arg("models"),
        py::pos_only());
    type.def(
        "usage_models",
        [](py_engine& self, const shared_meter& meter) {
            auto& in = self.get();
            const py::gil_scoped_release released;
            return usage::models_in_use(in, *meter);
        },
        py::arg("meter"),
        py::pos_only());
    type.def(
        "usage_here",
        [](py_engine& self, const shared_meter& meter) {
            auto& in = self.get();
            std::vector<std::pair<std::string, base::clock::duration>> list;
            {
                const py::gil_scoped_release released;
                list = usage::used_here(in, *meter);
            }
            std::vector<std::pair<std::string, double>> made;
            for (const auto& [model, remaining] : list)
                made.emplace_back(model, seconds(remaining));
            return made;
        },
        py::arg("meter"),
        py::pos_only());
}

} // namespace bindings
