#include "bindings/py_notification.hpp"

#include "bindings/py_asgi_door.hpp"
#include "bindings/py_text.hpp"

#include <string>
#include <variant>

namespace bindings {

namespace py = pybind11;

namespace {

py::object stolen(PyObject* made) {
    if (!made)
        throw py::error_already_set();
    return py::reinterpret_steal<py::object>(made);
}

py::object octets(std::string_view data) {
    return stolen(PyBytes_FromStringAndSize(data.data(), static_cast<Py_ssize_t>(data.size())));
}

py::object arguments(const sio::arguments& args, value_codec& codec) {
    return stolen(codec.parse(args.json, args.attachments));
}

py::list headers(const std::vector<eio::http_header>& list) {
    py::list made;
    for (const auto& [name, value] : list)
        made.append(py::make_tuple(octets(name), octets(value)));
    return made;
}

template <class... Items>
py::object tuple(kind first, Items&&... items) {
    return py::make_tuple(static_cast<int>(first), std::forward<Items>(items)...);
}

struct converter {
    value_codec& codec;

    py::object operator()(const sio::message_event& told) const {
        return tuple(
            kind::event,
            str(told.sid),
            str(told.nsp),
            str(told.eio_sid),
            arguments(told.args, codec),
            told.ack_id ? py::object(py::int_(*told.ack_id)) : py::none());
    }
    py::object operator()(const sio::connect_event& told) const {
        return tuple(
            kind::connect, str(told.sid), str(told.nsp), str(told.eio_sid), auth(told.auth));
    }
    py::object operator()(const sio::disconnect_event& told) const {
        return tuple(
            kind::disconnect,
            str(told.sid),
            str(told.nsp),
            str(told.eio_sid),
            static_cast<int>(told.reason));
    }
    py::object operator()(const sio::ack_event& told) const {
        return tuple(kind::ack, told.token, str(told.sid), arguments(told.args, codec));
    }
    py::object operator()(const sio::acks_done_event& told) const {
        return tuple(kind::acks_done, told.token);
    }
    py::object operator()(const sio::session_closed_event& told) const {
        return tuple(kind::session_closed, str(told.eio_sid));
    }
    py::object operator()(const sio::recovery_event& told) const {
        constexpr const char* names[] = {"kept", "resumed", "expired"};
        const auto* step = names[static_cast<std::size_t>(told.step)];
        return tuple(kind::recovery, step, str(told.sid), str(told.nsp));
    }
    py::object operator()(const eio::raw_open& told) const {
        return tuple(kind::eio_open, str(told.eio_sid), str(to_string(told.transport)));
    }
    py::object operator()(const eio::raw_message& told) const {
        return tuple(
            kind::eio_message, str(told.eio_sid), told.binary ? octets(told.data) : str(told.data));
    }
    py::object operator()(const eio::raw_close& told) const {
        return tuple(
            kind::eio_close,
            str(told.eio_sid),
            static_cast<int>(told.reason),
            str(to_string(told.transport)));
    }
    py::object operator()(const net::asgi_opening& told) const {
        return tuple(kind::opening, told.id, str(told.question));
    }
    py::object operator()(const sio::frame_event& told) const {
        // Whoever decodes it says what is wrong with it, also if it is no UTF-8.
        const auto data = told.binary ? octets(told.data) : str(told.data, "replace");
        return tuple(kind::frame, str(told.eio_sid), data);
    }
    py::object operator()(const sio::room_event& told) const {
        return tuple(
            kind::room_changed,
            str(told.sid),
            str(told.nsp),
            str(told.eio_sid),
            str(told.room),
            told.joined);
    }
    py::object operator()(const net::asgi_response& told) const {
        const auto& response = told.response;
        return tuple(
            kind::http_response,
            told.exchange,
            response.status,
            headers(response.headers),
            octets(response.body),
            response.opens ? str(*response.opens) : py::object(py::none()));
    }
    py::object operator()(const net::asgi_accept& told) const {
        return tuple(kind::ws_accept, told.connection, str(told.eio_sid), headers(told.headers));
    }
    py::object operator()(const net::asgi_reject& told) const {
        const auto& response = told.response;
        return tuple(
            kind::ws_reject,
            told.connection,
            response.status,
            headers(response.headers),
            octets(response.body));
    }
    py::object operator()(const net::asgi_send& told) const {
        const auto data = told.data.view();
        if (!told.type)
            return tuple(kind::ws_send, told.connection, octets(data));
        std::string frame(1, *told.type);
        frame += data;
        return tuple(kind::ws_send, told.connection, str(frame));
    }
    py::object operator()(const net::asgi_close& told) const {
        return tuple(kind::ws_close, told.connection, static_cast<int>(told.code));
    }
    py::object operator()(const net::asgi_pause& told) const {
        return tuple(told.paused ? kind::ws_pause : kind::ws_resume, told.connection);
    }
    py::object operator()(const engine::adopted& told) const {
        return tuple(
            kind::adopted,
            told.id,
            told.eio_sid ? str(*told.eio_sid) : py::object(py::none()),
            told.status);
    }
    py::object operator()(const engine::log_line& told) const {
        return tuple(
            kind::log,
            told.channel == base::log_channel::engineio ? "engineio" : "socketio",
            static_cast<int>(told.level),
            str(told.text));
    }
    py::object operator()(const engine::origin_question& told) const {
        return tuple(kind::origin, told.shard, told.id, head_of(*told.request));
    }
    py::object operator()(const features::rooms::question& told) const {
        return tuple(kind::room_question, str(told.sid), str(told.nsp), str(told.room));
    }
    py::object operator()(const engine::stream_cancelled& told) const {
        return tuple(kind::stream_cancelled, str(told.id));
    }
    py::object operator()(const engine::presence_diff& told) const {
        return tuple(kind::presence, str(told.nsp), str(told.topic), str(told.json));
    }
    py::object operator()(const eio::refused_request& told) const {
        return tuple(
            kind::refused,
            static_cast<int>(told.error),
            static_cast<int>(told.reason),
            head_of(*told.request));
    }
    py::object operator()(const eio::door_question& told) const {
        return tuple(kind::request, str(told.id), told.opens, head_of(*told.request));
    }
    py::object operator()(const engine::question_withdrawn& told) const {
        return tuple(kind::request_withdrawn, str(told.id));
    }
    py::object operator()(const engine::relay_check&) const { return {}; }
    py::object operator()(const features::yjs::notice& told) const {
        return std::visit([this](const auto& each) { return of_documents(each); }, told);
    }

private:
    py::object of_documents(const features::yjs::access_question& told) const {
        return tuple(
            kind::yjs,
            "access",
            str(told.document),
            str(told.sid),
            str(told.nsp),
            json(told.auth),
            json(told.user));
    }
    py::object of_documents(const features::yjs::load_question& told) const {
        return tuple(kind::yjs, "load", str(told.document));
    }
    py::object of_documents(const features::yjs::kept_update& told) const {
        return tuple(
            kind::yjs,
            "keep",
            str(told.document),
            str(told.epoch),
            told.number,
            octets(told.update));
    }
    py::object of_documents(const features::yjs::load_fault& told) const {
        return tuple(kind::yjs, "fault", str(told.document), told.damaged, told.of, str(told.seed));
    }
    py::object of_documents(const features::yjs::stored_snapshot& told) const {
        return tuple(
            kind::yjs,
            "store",
            str(told.document),
            str(told.epoch),
            told.number,
            octets(told.snapshot),
            json(told.data),
            told.replaces);
    }
    py::object of_documents(const features::yjs::server_answer& told) const {
        return tuple(kind::yjs, "answer", told.question, told.ok, octets(told.data));
    }
    // What Python cannot have, for its depth for instance, is the exception that says why: the
    // client waits for an answer all the same.
    py::object auth(const std::string& value) const {
        try {
            return json(value);
        } catch (const py::error_already_set& why) {
            if (!why.matches(PyExc_Exception))
                throw;
            return why.value();
        }
    }
    // A value, or None where there is nothing.
    py::object json(const std::string& value) const {
        return value.empty() ? py::object(py::none()) : stolen(codec.parse(value, {}));
    }
};

} // namespace

py::object to_python(const engine::notification& told, value_codec& codec) {
    return std::visit(converter{codec}, told);
}

} // namespace bindings
