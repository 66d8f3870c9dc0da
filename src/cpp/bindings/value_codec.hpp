// Values of one server, to bytes and back: by our own JSON encoder, or by the application's. Under
// the GIL.
#pragma once

#include "bindings/py_ref.hpp"
#include "bindings/py_value.hpp"
#include "sio/event.hpp"

#include <span>
#include <string_view>
#include <utility>

namespace bindings {

// See `Engine.use_codec`. What is null is done by our own encoder and decoder.
struct codec_hooks {
    py_ref dumps;            // dumps(value) -> (str or bytes, list of bytes)
    py_ref loads;            // loads(str or bytes, list of bytes) -> value
    py_ref rebuild;          // rebuild(value, list of bytes) -> value, behind our own decoder
    bool binary = false;     // `loads` is given bytes
    bool attachments = true; // our encoder makes them of bytes; else TypeError, as from json.dumps
};

class value_codec {
public:
    void use(codec_hooks hooks) { hooks_ = std::move(hooks); } // from now on

    // A new reference, or null with an exception set.
    [[nodiscard]] PyObject* parse(std::string_view data, std::span<const base::bytes> attachments);

    // False with an exception set. See py_value.hpp.
    [[nodiscard]] bool dump(PyObject* value, sio::arguments& made);
    [[nodiscard]] bool dump_args(PyObject* data, sio::arguments& made);
    [[nodiscard]] bool dump_event(std::string_view event, PyObject* data, sio::arguments& made);

private:
    [[nodiscard]] bool allows(const sio::arguments& made) const;

    key_cache keys_;
    codec_hooks hooks_;
};

} // namespace bindings
