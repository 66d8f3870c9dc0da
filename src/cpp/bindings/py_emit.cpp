#include "bindings/py_emit.hpp"

#include "bindings/py_ref.hpp"

#include <pybind11/pybind11.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bindings {

namespace {

constexpr const char* capsule_name = "sio_native.emitter";
constexpr std::string_view user_room{"\0u", 2}; // as sio::user_room_prefix

struct emitter {
    py_ref owner;
    engine::engine& engine;
    value_codec& codec;
    loop_turn& turn;
};

// The text of a str that the engine has by the same name: not one of the escaped ones (see
// `rooms.room_key`), which begin with a NUL as a user's room does, and none with lone surrogates.
std::optional<std::string_view> plain(PyObject* name) {
    if (!PyUnicode_CheckExact(name))
        return std::nullopt;
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(name, &size);
    if (!data) {
        PyErr_Clear();
        return std::nullopt;
    }
    const std::string_view text(data, static_cast<std::size_t>(size));
    if (text.starts_with('\0') && !text.starts_with(user_room))
        return std::nullopt;
    return text;
}

// A str, or a list or tuple of them. False: something else.
bool append_names(PyObject* given, std::vector<std::string>& names) {
    if (const auto one = plain(given)) {
        names.emplace_back(*one);
        return true;
    }
    if (!PyList_CheckExact(given) && !PyTuple_CheckExact(given))
        return false;
    auto** const items = PySequence_Fast_ITEMS(given);
    const auto count = PySequence_Fast_GET_SIZE(given);
    for (Py_ssize_t i = 0; i < count; ++i) {
        const auto name = plain(items[i]);
        if (!name)
            return false;
        names.emplace_back(*name);
    }
    return true;
}

PyObject* emit(emitter& from, PyObject* const* args) {
    const auto event = plain(args[0]);
    if (!event)
        Py_RETURN_FALSE;
    std::string nsp = "/";
    if (args[2] != Py_None) {
        const auto given = plain(args[2]);
        if (!given)
            Py_RETURN_FALSE;
        if (!given->empty())
            nsp = *given;
    }
    auto* room = args[4];
    if (args[3] != Py_None) {
        const int wanted = PyObject_IsTrue(args[3]);
        if (wanted < 0)
            return nullptr;
        if (wanted)
            room = args[3];
    }
    sio::selection whom;
    if (room != Py_None && !append_names(room, whom.rooms.emplace()))
        Py_RETURN_FALSE;
    if (args[5] != Py_None && !append_names(args[5], whom.skip_sids))
        Py_RETURN_FALSE;
    if (!from.engine.running())
        Py_RETURN_TRUE; // nobody is there
    sio::arguments made;
    if (!from.codec.dump_event(*event, args[1], made))
        return nullptr;
    from.turn.begin();
    if (from.engine.emit(std::move(nsp), std::move(whom), std::move(made), 0)) {
        const pybind11::gil_scoped_release released;
        from.engine.wait_for_room();
    }
    Py_RETURN_TRUE;
}

PyObject* quick_emit(PyObject* self, PyObject* const* args, Py_ssize_t count) {
    if (count != 6) {
        PyErr_SetString(PyExc_TypeError, "quick_emit() takes 6 positional arguments");
        return nullptr;
    }
    try {
        return emit(*static_cast<emitter*>(PyCapsule_GetPointer(self, capsule_name)), args);
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
        return nullptr;
    }
}

PyMethodDef definition{
    "quick_emit",
    reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&quick_emit)),
    METH_FASTCALL,
    nullptr};

void destroy(PyObject* capsule) {
    delete static_cast<emitter*>(PyCapsule_GetPointer(capsule, capsule_name));
}

} // namespace

PyObject*
make_quick_emit(PyObject* owner, engine::engine& engine, value_codec& codec, loop_turn& turn) {
    auto made = std::make_unique<emitter>(py_ref(new_reference(owner)), engine, codec, turn);
    const py_ref capsule(PyCapsule_New(made.get(), capsule_name, &destroy));
    if (!capsule)
        return nullptr;
    made.release(); // the capsule's now
    return PyCFunction_New(&definition, capsule.get());
}

} // namespace bindings
