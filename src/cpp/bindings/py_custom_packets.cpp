#include "bindings/py_custom_packets.hpp"

#include "base/sid.hpp"
#include "bindings/py_clients.hpp"

#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bindings {

namespace py = pybind11;

namespace {

using without_gil = py::call_guard<py::gil_scoped_release>;

// See sio::arguments. A str with lone surrogates is no text frame: UnicodeEncodeError.
std::string ready(const py::object& frame) {
    if (py::isinstance<py::bytes>(frame)) {
        std::string made(1, sio::custom_binary);
        return made += std::string_view(py::cast<py::bytes>(frame));
    }
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(frame.ptr(), &size);
    if (!data)
        throw py::error_already_set();
    std::string made(1, sio::custom_text);
    return made.append(data, static_cast<std::size_t>(size));
}

sio::arguments ready(const py::object& frame, const std::vector<py::bytes>& attachments) {
    sio::arguments made{ready(frame), {}};
    for (const auto& each : attachments)
        made.attachments.emplace_back(std::string_view(each));
    return made;
}

void bind_outgoing(py::class_<py_engine>& type) {
    type.def(
        "emit_frame",
        [](py_engine& self,
           std::string nsp,
           const std::optional<py::sequence>& rooms,
           const py::sequence& skip,
           sio::ack_token token,
           const py::object& frame,
           const std::vector<py::bytes>& attachments,
           const py::sequence& except,
           bool is_volatile,
           bool compress) {
            auto& to = self.get();
            auto args = ready(frame, attachments);
            auto whom = selection(rooms, skip, except);
            whom.is_volatile = is_volatile;
            whom.compress = compress;
            const py::gil_scoped_release released;
            if (to.emit(std::move(nsp), std::move(whom), std::move(args), token))
                to.wait_for_room();
        });
    type.def(
        "ack_frame",
        [](py_engine& self,
           const std::string& sid,
           std::string nsp,
           const py::object& frame,
           const std::vector<py::bytes>& attachments) {
            auto& to = self.get();
            auto args = ready(frame, attachments);
            const auto parsed = base::sid::parse(sid);
            const py::gil_scoped_release released;
            if (parsed)
                to.send_ack(*parsed, std::move(nsp), 0, std::move(args));
        });
    const auto about_socket = [&](const char* name, auto member) {
        type.def(
            name,
            [member](py_engine& self, std::string sid, std::string nsp, const py::object& frame) {
                auto& to = self.get();
                auto packet = ready(frame);
                const py::gil_scoped_release released;
                (to.*member)(std::move(sid), std::move(nsp), std::move(packet));
            });
    };
    about_socket("accept_frame", &engine::engine::accept);
    about_socket("refuse_frame", &engine::engine::refuse);
    about_socket("disconnect_frame", &engine::engine::disconnect);
    type.def("send_frame", [](py_engine& self, std::string eio_sid, const py::object& frame) {
        auto& to = self.get();
        auto packet = ready(frame);
        const py::gil_scoped_release released;
        to.send_frame(std::move(eio_sid), std::move(packet));
    });
}

} // namespace

void bind_custom_packets(py::class_<py_engine>& type) {
    bind_outgoing(type);
    type.def(
        "join",
        [](py_engine& self, const std::string& eio_sid, const std::string& nsp) {
            return self.get().join(eio_sid, nsp);
        },
        without_gil());
    type.def(
        "leave",
        [](py_engine& self, std::string eio_sid, std::string nsp) {
            self.get().leave(std::move(eio_sid), std::move(nsp));
        },
        without_gil());
    type.def(
        "take_ack",
        [](py_engine& self, const std::string& sid, const std::string& nsp, sio::ack_token token) {
            return self.get().take_ack(sid, nsp, token);
        },
        without_gil());
    type.def(
        "fail_session",
        [](py_engine& self, std::string eio_sid, std::string why) {
            self.get().fail_session(std::move(eio_sid), std::move(why));
        },
        without_gil());
}

} // namespace bindings
