#include "bindings/value_codec.hpp"

#include <utility>

namespace bindings {

namespace {

PyObject* decoded(std::string_view utf8) {
    return PyUnicode_DecodeUTF8(utf8.data(), static_cast<Py_ssize_t>(utf8.size()), "surrogatepass");
}

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

} // namespace

void value_codec::use(py_ref dumps, py_ref loads) {
    dumps_ = std::move(dumps);
    loads_ = std::move(loads);
}

PyObject* value_codec::parse(std::string_view json, std::span<const base::bytes> attachments) {
    if (!loads_)
        return bindings::parse(json, attachments, &keys_);
    const py_ref text(decoded(json));
    const py_ref list(text ? PyList_New(0) : nullptr);
    if (!list)
        return nullptr;
    for (const auto& each : attachments) {
        const auto view = each.view();
        const py_ref bytes(
            PyBytes_FromStringAndSize(view.data(), static_cast<Py_ssize_t>(view.size())));
        if (!bytes || PyList_Append(list.get(), bytes.get()) < 0)
            return nullptr;
    }
    return PyObject_CallFunctionObjArgs(loads_.get(), text.get(), list.get(), nullptr);
}

bool value_codec::dump(PyObject* value, sio::arguments& made) {
    return dumps_ ? dump_with(dumps_.get(), value, made)
                  : bindings::dump(value, made.json, made.attachments);
}

bool value_codec::dump_args(PyObject* data, sio::arguments& made) {
    if (!dumps_)
        return bindings::dump_args(made.json, made.attachments, data);
    return dump_with(dumps_.get(), as_list(nullptr, data).get(), made);
}

bool value_codec::dump_event(std::string_view event, PyObject* data, sio::arguments& made) {
    if (!dumps_)
        return bindings::dump_event(made.json, made.attachments, event, data);
    const py_ref name(decoded(event));
    return name && dump_with(dumps_.get(), as_list(name.get(), data).get(), made);
}

} // namespace bindings
