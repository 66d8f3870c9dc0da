#include "bindings/py_raw.hpp"

#include "base/bytes.hpp"
#include "bindings/options.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace bindings {

namespace py = pybind11;

namespace {

using without_gil = py::call_guard<py::gil_scoped_release>;

// A str is a packet's text behind its type, bytes are a binary message. Throws what Python has
// raised: TypeError for anything else, UnicodeEncodeError for text that is no Unicode.
eio::packet packet(int type, const py::object& data) {
    if (type < 0 || type > static_cast<int>(eio::packet_type::noop))
        throw py::value_error("no Engine.IO packet has the type " + std::to_string(type));
    eio::packet made{.type = static_cast<eio::packet_type>(type), .data = {}};
    if (PyBytes_Check(data.ptr())) {
        made.binary = true;
        made.data = base::bytes(std::string_view(py::reinterpret_borrow<py::bytes>(data)));
        return made;
    }
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(data.ptr(), &size);
    if (!text)
        throw py::error_already_set();
    made.data = base::bytes(std::string_view(text, static_cast<std::size_t>(size)));
    return made;
}

} // namespace

void bind_raw(py::class_<py_engine>& type) {
    type.def(
        "set_door_interest",
        [](py_engine& self, bool decides, bool requests, bool refusals) {
            self.get().set_door_interest(
                {.decides = decides, .requests = requests, .refusals = refusals});
        },
        py::arg("decides"),
        py::arg("requests"),
        py::arg("refusals"),
        without_gil());
    type.def(
        "set_raw_interest",
        [](py_engine& self, bool decides, bool messages) {
            self.get().set_raw_interest({.decides = decides, .messages = messages});
        },
        py::arg("decides"),
        py::arg("messages"),
        without_gil());
    type.def(
        "admit_session",
        [](py_engine& self,
           std::string eio_sid,
           std::string name,
           bool closes,
           header_pairs headers) {
            self.get().admit_session(
                std::move(eio_sid), std::move(name), closes, http_headers(std::move(headers)));
        },
        py::arg(),
        py::arg(),
        py::arg(),
        py::arg() = header_pairs(),
        without_gil());
    type.def(
        "admit_request",
        [](py_engine& self, std::string id, header_pairs headers) {
            self.get().admit_request(std::move(id), http_headers(std::move(headers)));
        },
        without_gil());
    type.def(
        "refuse_session",
        [](py_engine& self, std::string eio_sid, int status, std::string body) {
            self.get().refuse_session(std::move(eio_sid), status, std::move(body));
        },
        without_gil());
    type.def(
        "send_packet", [](py_engine& self, std::string eio_sid, int kind, const py::object& data) {
            auto& to = self.get();
            auto outgoing = packet(kind, data);
            self.turn().begin();
            const py::gil_scoped_release released;
            if (to.send_packet(std::move(eio_sid), std::move(outgoing)))
                to.wait_for_room();
        });
}

} // namespace bindings
