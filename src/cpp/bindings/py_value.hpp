// JSON text and attachments <-> Python objects, in one pass. All of it under the GIL.
// Equal to json.loads and json.dumps(separators=(",", ":")), with socketio.packet's rules for
// bytes.
#pragma once

#include "base/bytes.hpp"

#include <Python.h>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bindings {

// Short ASCII keys met before, so that an event's keys are found and not made. A resource: lives
// with its owner, under the GIL. Fixed in size: a new key takes the place of an old one.
class key_cache {
public:
    static constexpr std::size_t max_length = 32; // bytes; longer keys are rarely repeated

    key_cache() noexcept = default;
    ~key_cache();
    key_cache(const key_cache&) = delete;
    key_cache& operator=(const key_cache&) = delete;

    // A new reference to the str of these ASCII bytes, or null with MemoryError set.
    [[nodiscard]] PyObject* find(std::string_view ascii) noexcept;

private:
    static constexpr unsigned slot_bits = 9;
    std::array<PyObject*, 1U << slot_bits> slots_{};
};

// The text as json.loads gives it, each placeholder object replaced by the bytes of its
// attachment; without attachments (a packet that is not binary) placeholders stay dicts.
// A new reference, or null with the exception that json.loads raises: ValueError, also for integers
// above sys.get_int_max_str_digits(), RecursionError, here beyond `base::json::max_depth` as well,
// or MemoryError.
[[nodiscard]] PyObject* parse(
    std::string_view json,
    std::span<const base::bytes> attachments = {},
    key_cache* keys = nullptr);

// The functions below append to `out` what json.dumps gives, and to `attachments` every bytes and
// bytearray found in lists and dicts (not in tuples: TypeError, as in python-socketio).
// False with json.dumps' exception set (TypeError, ValueError, RecursionError), or whatever a
// subclass of dict or list raised; `out` and `attachments` are then as before the call.

[[nodiscard]] bool dump(PyObject* value, std::string& out, std::vector<base::bytes>& attachments);

// `[args...]`: a tuple is several arguments, None is none, all else is one.
[[nodiscard]] bool
dump_args(std::string& out, std::vector<base::bytes>& attachments, PyObject* data);

// `["event",args...]`; the name in UTF-8, surrogates in three bytes each allowed.
[[nodiscard]] bool dump_event(
    std::string& out,
    std::vector<base::bytes>& attachments,
    std::string_view event,
    PyObject* data);

} // namespace bindings
