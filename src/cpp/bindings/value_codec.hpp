// Values of one server, to JSON and back: by our own encoder, or by the application's. Under the
// GIL.
#pragma once

#include "bindings/py_ref.hpp"
#include "bindings/py_value.hpp"
#include "sio/event.hpp"

#include <string_view>

namespace bindings {

class value_codec {
public:
    // From now on: dumps(value) -> (str or bytes, list of bytes), and loads(str, list of bytes) for
    // the opposite. Attachments have been replaced by placeholders, and are to be put back.
    void use(py_ref dumps, py_ref loads);

    // A new reference, or null with an exception set.
    [[nodiscard]] PyObject* parse(std::string_view json, std::span<const base::bytes> attachments);

    // False with an exception set. See py_value.hpp.
    [[nodiscard]] bool dump(PyObject* value, sio::arguments& made);
    [[nodiscard]] bool dump_args(PyObject* data, sio::arguments& made);
    [[nodiscard]] bool dump_event(std::string_view event, PyObject* data, sio::arguments& made);

private:
    key_cache keys_;
    py_ref dumps_; // null: our own
    py_ref loads_;
};

} // namespace bindings
