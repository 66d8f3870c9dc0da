// The module sio_native._core: registers, nothing else.
#include "bindings/py_engine.hpp"
#include "bindings/py_notification.hpp"
#include "bindings/py_presence.hpp"
#include "bindings/py_runner.hpp"
#include "bindings/py_usage.hpp"
#include "bindings/py_value.hpp"
#include "sio/event.hpp"
#include "sio/room_result.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstddef>
#include <string>
#include <vector>

namespace py = pybind11;

namespace {

void register_constants(py::module_& module) {
    using bindings::kind;
    using sio::room_result;
    const auto constant = [&](const char* name, auto value) {
        module.attr(name) = static_cast<int>(value);
    };
    constant("EVENT", kind::event);
    constant("CONNECT", kind::connect);
    constant("DISCONNECT", kind::disconnect);
    constant("ACK", kind::ack);
    constant("ACKS_DONE", kind::acks_done);
    constant("SESSION_CLOSED", kind::session_closed);
    constant("HTTP_RESPONSE", kind::http_response);
    constant("WS_ACCEPT", kind::ws_accept);
    constant("WS_REJECT", kind::ws_reject);
    constant("WS_SEND", kind::ws_send);
    constant("WS_CLOSE", kind::ws_close);
    constant("WS_PAUSE", kind::ws_pause);
    constant("WS_RESUME", kind::ws_resume);
    constant("ADOPTED", kind::adopted);
    constant("LOG", kind::log);
    constant("OPENING", kind::opening);
    constant("EIO_OPEN", kind::eio_open);
    constant("EIO_MESSAGE", kind::eio_message);
    constant("EIO_CLOSE", kind::eio_close);
    constant("FRAME", kind::frame);
    constant("ORIGIN", kind::origin);
    constant("ROOM_QUESTION", kind::room_question);
    constant("STREAM_CANCELLED", kind::stream_cancelled);
    constant("PRESENCE", kind::presence);
    constant("YJS", kind::yjs);
    constant("RECOVERY", kind::recovery);
    constant("ROOM_CHANGED", kind::room_changed);
    constant("SERVER_DISCONNECT", eio::close_reason::server_disconnect);
    constant("SERVER_SHUTDOWN", eio::close_reason::server_shutdown);
    constant("CLIENT_LEFT", eio::close_reason::client_left);
    py::tuple reasons(eio::close_reasons);
    for (std::size_t each = 0; each < eio::close_reasons; ++each) {
        const auto reason = static_cast<eio::close_reason>(each);
        reasons[each] = py::make_tuple(to_string(reason), detail(reason));
    }
    module.attr("CLOSE_REASONS") = reasons;
    constant("REFUSED", kind::refused);
    constant("REQUEST", kind::request);
    constant("REQUEST_WITHDRAWN", kind::request_withdrawn);
    constant("ROOM_OK", room_result::ok);
    constant("ROOM_UNKNOWN_SID", room_result::unknown_sid);
    constant("ROOM_UNKNOWN_NAMESPACE", room_result::unknown_namespace);
    constant("ROOM_IS_SID", room_result::is_sid);
    constant("ROOM_LIMIT", room_result::limit);
}

// The JSON border by itself, for tests that compare it with the json module.
py::object loads(const py::bytes& text, const std::vector<py::bytes>& attachments) {
    std::vector<base::bytes> owned;
    for (const auto& each : attachments)
        owned.emplace_back(std::string_view(each));
    bindings::key_cache keys;
    auto* made = bindings::parse(std::string_view(text), owned, &keys);
    if (!made)
        throw py::error_already_set();
    return py::reinterpret_steal<py::object>(made);
}

py::tuple dumps(const py::object& value) {
    std::string json;
    std::vector<base::bytes> attachments;
    if (!bindings::dump(value.ptr(), json, attachments))
        throw py::error_already_set();
    py::list binaries;
    for (const auto& each : attachments)
        binaries.append(py::bytes(each.view().data(), each.size()));
    return py::make_tuple(py::bytes(json), binaries);
}

} // namespace

PYBIND11_MODULE(_core, module) {
    module.attr("__version__") = SIO_NATIVE_VERSION;
    register_constants(module);
    bindings::register_runner(module);
    bindings::register_usage_meter(module); // before the engine, whose methods take it
    bindings::register_engine(module);
    bindings::register_presence(module);
    module.def("_loads", &loads);
    module.def("_dumps", &dumps);
}
