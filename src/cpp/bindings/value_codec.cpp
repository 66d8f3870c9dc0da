#include "bindings/value_codec.hpp"

#include "bindings/py_text.hpp"

#include <utility>

namespace bindings {

namespace {

// `[first, args...]` for the application's encoder: a tuple is several arguments, None is none.
py_ref as_list(PyObject* first, PyObject* data) {
    py_ref list(PyList_New(0));
    if (list && first && PyList_Append(list.get(), first) < 0)
        return nullptr;
    if (!list || data == Py_None)
        return list;
    if (!PyTuple_Check(data))
        return PyList_Append(list.get(), data) < 0 ? nullptr : std::move(list);
    const auto size = PyList_GET_SIZE(list.get());
    return PyList_SetSlice(list.get(), size, size, data) < 0 ? nullptr : std::move(list);
}

// What the application's `dumps` gave.
bool taken(PyObject* pair, sio::arguments& made) {
    if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2 ||
        !PyList_Check(PyTuple_GET_ITEM(pair, 1))) {
        PyErr_SetString(PyExc_TypeError, "dumps() must return a text and a list of bytes");
        return false;
    }
    auto* text = PyTuple_GET_ITEM(pair, 0);
    Py_ssize_t size = 0;
    const char* data = nullptr;
    if (PyBytes_Check(text)) {
        data = PyBytes_AS_STRING(text);
        size = PyBytes_GET_SIZE(text);
    } else {
        data = PyUnicode_AsUTF8AndSize(text, &size); // TypeError for what is no str
    }
    if (!data)
        return false;
    made.json.assign(data, static_cast<std::size_t>(size));
    auto* list = PyTuple_GET_ITEM(pair, 1);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
        char* bytes = nullptr;
        Py_ssize_t length = 0;
        if (PyBytes_AsStringAndSize(PyList_GET_ITEM(list, i), &bytes, &length) < 0)
            return false;
        made.attachments.emplace_back(std::string_view(bytes, static_cast<std::size_t>(length)));
    }
    return true;
}

bool dump_with(PyObject* dumps, PyObject* value, sio::arguments& made) {
    const py_ref pair(value ? PyObject_CallOneArg(dumps, value) : nullptr);
    return pair && taken(pair.get(), made);
}

py_ref octets(std::string_view data) {
    return py_ref(PyBytes_FromStringAndSize(data.data(), static_cast<Py_ssize_t>(data.size())));
}

py_ref list_of(std::span<const base::bytes> attachments) {
    py_ref list(PyList_New(0));
    for (const auto& each : attachments) {
        const auto bytes = list ? octets(each.view()) : nullptr;
        if (!bytes || PyList_Append(list.get(), bytes.get()) < 0)
            return nullptr;
    }
    return list;
}

} // namespace

PyObject* value_codec::parse(std::string_view data, std::span<const base::bytes> attachments) {
    const bool rebuilds = hooks_.rebuild && !attachments.empty();
    if (!hooks_.loads && !rebuilds)
        return bindings::parse(data, attachments, &keys_);
    const auto list = list_of(attachments);
    if (!list)
        return nullptr;
    if (hooks_.loads) {
        const py_ref given(hooks_.binary ? octets(data) : py_ref(new_str(data)));
        return given ? PyObject_CallFunctionObjArgs(
                           hooks_.loads.get(), given.get(), list.get(), nullptr)
                     : nullptr;
    }
    const py_ref value(bindings::parse(data, {}, &keys_)); // its placeholders are dicts
    return value ? PyObject_CallFunctionObjArgs(
                       hooks_.rebuild.get(), value.get(), list.get(), nullptr)
                 : nullptr;
}

// Of what our own encoder has made.
bool value_codec::allows(const sio::arguments& made) const {
    if (hooks_.attachments || made.attachments.empty())
        return true;
    PyErr_SetString(PyExc_TypeError, "Object of type bytes is not JSON serializable");
    return false;
}

bool value_codec::dump(PyObject* value, sio::arguments& made) {
    return hooks_.dumps ? dump_with(hooks_.dumps.get(), value, made)
                        : bindings::dump(value, made.json, made.attachments) && allows(made);
}

bool value_codec::dump_args(PyObject* data, sio::arguments& made) {
    if (!hooks_.dumps)
        return bindings::dump_args(made.json, made.attachments, data) && allows(made);
    return dump_with(hooks_.dumps.get(), as_list(nullptr, data).get(), made);
}

bool value_codec::dump_event(std::string_view event, PyObject* data, sio::arguments& made) {
    if (!hooks_.dumps)
        return bindings::dump_event(made.json, made.attachments, event, data) && allows(made);
    const py_ref name(new_str(event));
    return name && dump_with(hooks_.dumps.get(), as_list(name.get(), data).get(), made);
}

} // namespace bindings
