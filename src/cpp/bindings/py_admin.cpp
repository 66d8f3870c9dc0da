#include "bindings/py_admin.hpp"

#include "bindings/py_asgi_door.hpp"
#include "bindings/py_text.hpp"

#include <pybind11/stl.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bindings {

namespace py = pybind11;

namespace {

py::object counters(const std::optional<sio::recovery_figures>& counted) {
    if (!counted)
        return py::none();
    py::dict made;
    made["away"] = counted->away;
    made["bytes"] = counted->bytes;
    made["recovered"] = counted->recovered;
    made["given_up"] = counted->given_up;
    made["refused"] = counted->refused;
    return made;
}

py::dict counters(const engine::admin_statistics& counted) {
    py::dict sockets;
    for (const auto& [nsp, count] : counted.sockets)
        sockets[str(nsp)] = count;
    py::dict made;
    made["sessions"] = counted.sessions;
    made["polling"] = counted.traffic.polling;
    made["opened"] = counted.traffic.opened;
    made["closed"] = counted.traffic.closed;
    made["packets_in"] = counted.traffic.packets_in;
    made["packets_out"] = counted.traffic.packets_out;
    made["bytes_in"] = counted.traffic.bytes_in;
    made["bytes_out"] = counted.traffic.bytes_out;
    made["sockets"] = sockets;
    made["recovery"] = counters(counted.recovery);
    return made;
}

py::tuple details(const engine::socket_details& of) {
    py::list rooms;
    for (const auto& room : of.rooms)
        rooms.append(str(room));
    return py::make_tuple(
        of.sid,
        of.eio_sid,
        of.transport,
        rooms,
        head_of(of.request),
        std::chrono::duration<double>(of.age).count());
}

} // namespace

void bind_admin(py::class_<py_engine>& type) {
    type.def("admin_stats", [](py_engine& self) {
        auto& in = self.get();
        engine::admin_statistics counted;
        {
            const py::gil_scoped_release released;
            counted = in.admin_stats();
        }
        return counters(counted);
    });
    type.def(
        "describe",
        [](py_engine& self, const std::string& nsp, const std::vector<std::string>& sids) {
            auto& in = self.get();
            std::vector<engine::socket_details> list;
            {
                const py::gil_scoped_release released;
                list = in.describe(nsp, sids);
            }
            py::list made;
            for (const auto& each : list)
                made.append(details(each));
            return made;
        });
    type.def(
        "queued_bytes",
        [](py_engine& self, const std::string& eio_sid) {
            return self.get().queued_bytes(eio_sid);
        },
        py::call_guard<py::gil_scoped_release>());
    type.def(
        "slowest",
        [](py_engine& self, std::size_t most) { return self.get().slowest(most); },
        py::call_guard<py::gil_scoped_release>());
}

} // namespace bindings
