#include "bindings/py_asgi_door.hpp"

#include "bindings/py_text.hpp"

#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace bindings {

namespace py = pybind11;

namespace {

using without_gil = py::call_guard<py::gil_scoped_release>;
using header_list = std::vector<std::pair<py::bytes, py::bytes>>;
using address = std::optional<std::pair<std::string, int>>;

// method, path, query, HTTP version, headers, remote, local, secure, origin allowed
using request_head = std::tuple<
    std::string,
    std::string,
    py::bytes,
    std::string,
    header_list,
    address,
    address,
    bool,
    std::optional<bool>>;

eio::http_request http_request(const request_head& head) {
    const auto& [method, path, query, version, headers, remote, local, secure, allowed] = head;
    eio::http_request request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.http_version = version;
    request.headers.reserve(headers.size());
    for (const auto& [name, value] : headers)
        request.headers.push_back({name, value});
    const auto split = [](const address& from, std::string& host, std::uint16_t& port) {
        if (from) {
            host = from->first;
            port = static_cast<std::uint16_t>(from->second);
        }
    };
    split(remote, request.remote_address, request.remote_port);
    split(local, request.local_address, request.local_port);
    request.secure = secure;
    request.origin_allowed = allowed;
    return request;
}

} // namespace

py::dict head_of(const eio::http_request& request) {
    py::list headers;
    for (const auto& [name, value] : request.headers)
        headers.append(py::make_tuple(py::bytes(name), py::bytes(value)));
    py::dict head;
    head["method"] = request.method;
    head["path"] = request.path;
    head["query"] = py::bytes(request.query);
    head["http_version"] = request.http_version;
    head["headers"] = headers;
    head["remote"] = py::make_tuple(request.remote_address, request.remote_port);
    head["local"] = py::make_tuple(request.local_address, request.local_port);
    head["secure"] = request.secure;
    return head;
}

void bind_asgi_door(py::class_<py_engine>& type) {
    type.def("request_head", [](py_engine& self, const std::string& eio_sid) -> py::object {
        auto& in = self.get();
        std::optional<eio::http_request> found;
        {
            const py::gil_scoped_release released;
            found = in.request_head(eio_sid);
        }
        return found ? py::object(head_of(*found)) : py::none();
    });
    type.def(
        "origin_judged",
        [](py_engine& self, unsigned shard, std::uint64_t question, bool allowed) {
            self.get().origin_judged(shard, question, allowed);
        },
        without_gil());
    type.def("http_begin", [](py_engine& self, const request_head& head) {
        auto& to = self.get();
        auto request = http_request(head);
        const py::gil_scoped_release released;
        return to.http_begin(std::move(request));
    });
    type.def(
        "http_request",
        [](py_engine& self,
           net::asgi_id begun,
           const request_head& head,
           std::string body,
           bool body_too_large) {
            auto& to = self.get();
            auto request = http_request(head);
            request.body = std::move(body);
            request.body_too_large = body_too_large;
            self.turn().begin();
            const py::gil_scoped_release released;
            return to.http_request(begun, std::move(request));
        });
    type.def(
        "http_abort",
        [](py_engine& self, net::asgi_id exchange) { self.get().http_abort(exchange); },
        without_gil());
    type.def("ws_open", [](py_engine& self, const request_head& head) {
        auto& to = self.get();
        auto request = http_request(head);
        const py::gil_scoped_release released;
        return to.ws_open(std::move(request));
    });
    type.def("ws_receive", [](py_engine& self, net::asgi_id connection, const py::object& data) {
        auto& to = self.get();
        const bool binary = PyBytes_Check(data.ptr()) != 0;
        auto bytes = binary ? py::cast<std::string>(data) : utf8(py::cast<py::str>(data));
        const py::gil_scoped_release released;
        to.ws_receive(connection, std::move(bytes), binary);
    });
    type.def(
        "ws_sent",
        [](py_engine& self, net::asgi_id connection, std::size_t size) {
            self.get().ws_sent(connection, size);
        },
        without_gil());
    type.def(
        "ws_closed",
        [](py_engine& self, net::asgi_id connection, bool failed) {
            self.get().ws_closed(connection, failed);
        },
        without_gil());
    type.def("adopt", [](py_engine& self, int descriptor, const py::object& head, bool report) {
        // Ours from here on, whatever fails: the caller need not ask how far this has got.
        net::descriptor peer(descriptor);
        auto& to = self.get();
        auto handshake = http_request(py::cast<request_head>(head));
        const py::gil_scoped_release released;
        return to.adopt(std::move(peer), std::move(handshake), report);
    });
    type.def("abort_bridged", [](py_engine& self) { self.get().abort_bridged(); }, without_gil());
}

} // namespace bindings
