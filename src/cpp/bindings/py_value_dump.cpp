// Python to JSON, byte for byte as json.dumps writes it.
#include "base/json_lex.hpp"
#include "bindings/py_ref.hpp"
#include "bindings/py_text.hpp"
#include "bindings/py_value.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <version>

namespace bindings {
namespace {

namespace lex = base::json::lex;

// The first byte that json.dumps would escape, or `end`: all but printable ASCII, quote and
// backslash. Unlike in JSON itself, DEL and what is not ASCII count.
const char* skip_printable(const char* at, const char* end) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        while (end - at >= 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, at, 8);
            // One more than DEL has the high bit, and only what is not ASCII carries.
            const std::uint64_t special =
                lex::special_bytes(word) | ((word | (word + lex::repeat(1))) & lex::high_bits);
            if (special != 0) {
                return at + std::countr_zero(special) / 8;
            }
            at += 8;
        }
    }
    while (at != end && !lex::is_special(*at) && static_cast<unsigned char>(*at) < 0x7F) {
        ++at;
    }
    return at;
}

void append_unit(std::string& out, unsigned unit) {
    constexpr std::string_view hex = "0123456789abcdef";
    out += "\\u";
    for (const int shift : {12, 8, 4, 0}) {
        out += hex[unit >> shift & 15];
    }
}

template <class Unit>
void append_escaped(std::string& out, const Unit* at, const Unit* end) {
    for (; at != end; ++at) {
        const std::uint32_t c = *at;
        if (c >= 0x1'0000) {
            append_unit(out, 0xD800 + ((c - 0x1'0000) >> 10));
            append_unit(out, 0xDC00 + (c & 0x3FF));
        } else if (c > 0x7F) {
            append_unit(out, c);
        } else if (c == 0x7F || lex::is_special(static_cast<char>(c))) {
            lex::append_escape(out, static_cast<char>(c));
        } else {
            out += static_cast<char>(c);
        }
    }
}

// One container being written, linked to those around it on the C stack. Refuses, as json.dumps
// does, what is nested deeper than Python's recursion limit and an object inside itself. The
// walk over the ancestors is cheaper than a set: few structures are deep.
class nesting {
public:
    nesting(PyObject* container, const nesting* parent) noexcept
        : container_(container),
          parent_(parent),
          counted_(Py_EnterRecursiveCall(" while encoding a JSON object") == 0),
          allowed_(counted_) {
        for (const nesting* at = parent; at != nullptr && allowed_; at = at->parent_) {
            if (at->container_ == container) {
                PyErr_SetString(PyExc_ValueError, "Circular reference detected");
                allowed_ = false;
            }
        }
    }
    ~nesting() {
        if (counted_) {
            Py_LeaveRecursiveCall();
        }
    }
    nesting(const nesting&) = delete;
    nesting& operator=(const nesting&) = delete;

    [[nodiscard]] const nesting* parent() const noexcept { return parent_; }
    [[nodiscard]] bool allowed() const noexcept { return allowed_; }

private:
    PyObject* container_;
    const nesting* parent_;
    bool counted_;
    bool allowed_;
};

// Functions return false with a Python exception set.
class writer {
public:
    writer(std::string& out, std::vector<base::bytes>& attachments)
        : out_(out), attachments_(attachments) {}

    bool event_name(std::string_view utf8);
    bool value(PyObject* object, bool in_tuple);
    bool arguments(PyObject* data);

private:
    bool string(PyObject* str);
    bool integer(PyObject* number);
    bool floating(double number);
    bool sequence(PyObject* object, bool in_tuple);
    bool items(PyObject* list_or_tuple, bool in_tuple);
    bool dict(PyObject* dict, bool in_tuple);
    bool dict_subclass(PyObject* dict, bool in_tuple);
    bool member(PyObject* key, PyObject* item, bool in_tuple);
    bool key(PyObject* key);
    void attach(std::string_view bytes);
    bool unserializable(PyObject* object);
    void separate() {
        if (out_.back() != '[' && out_.back() != '{') {
            out_ += ',';
        }
    }

    std::string& out_;
    std::vector<base::bytes>& attachments_;
    const nesting* innermost_ = nullptr; // of the containers around the value
};

// Subclasses of str, int, float, list and tuple are written as json.dumps does: by the base
// class's content, whatever they override. `in_tuple`: python-socketio looks for bytes in lists
// and dicts only, and json.dumps refuses those that it left.
bool writer::value(PyObject* object, bool in_tuple) {
    if (PyUnicode_Check(object)) {
        return string(object);
    }
    if (object == Py_None) {
        out_ += "null";
    } else if (object == Py_True) {
        out_ += "true";
    } else if (object == Py_False) {
        out_ += "false";
    } else if (PyLong_Check(object)) {
        return integer(object);
    } else if (PyFloat_Check(object)) {
        return floating(PyFloat_AS_DOUBLE(object));
    } else if (PyDict_Check(object)) {
        return dict(object, in_tuple);
    } else if (PyList_Check(object)) {
        return sequence(object, in_tuple);
    } else if (PyTuple_Check(object)) {
        return sequence(object, true);
    } else if (PyBytes_Check(object) && !in_tuple) {
        attach({PyBytes_AS_STRING(object), static_cast<std::size_t>(PyBytes_GET_SIZE(object))});
    } else if (PyByteArray_Check(object) && !in_tuple) {
        attach(
            {PyByteArray_AS_STRING(object),
             static_cast<std::size_t>(PyByteArray_GET_SIZE(object))});
    } else {
        return unserializable(object);
    }
    return true;
}

bool writer::unserializable(PyObject* object) {
    const py_ref type(PyObject_GetAttrString(object, "__class__"));
    const py_ref name(type ? PyObject_GetAttrString(type.get(), "__name__") : nullptr);
    if (name) {
        PyErr_Format(PyExc_TypeError, "Object of type %S is not JSON serializable", name.get());
    }
    return false;
}

void writer::attach(std::string_view bytes) {
    out_ += R"({"_placeholder":true,"num":)";
    out_ += std::to_string(attachments_.size());
    out_ += '}';
    attachments_.emplace_back(bytes);
}

bool writer::string(PyObject* str) {
#if PY_VERSION_HEX < 0x030C0000 // later there is no other representation
    if (PyUnicode_READY(str) < 0) {
        return false;
    }
#endif
    const Py_ssize_t length = PyUnicode_GET_LENGTH(str);
    out_ += '"';
    if (PyUnicode_IS_ASCII(str)) {
        const char* at = static_cast<const char*>(PyUnicode_DATA(str));
        const char* const end = at + length;
        for (;;) {
            const char* special = skip_printable(at, end);
            out_.append(at, special);
            if (special == end) {
                break;
            }
            lex::append_escape(out_, *special);
            at = special + 1;
        }
    } else {
        switch (PyUnicode_KIND(str)) {
        case PyUnicode_1BYTE_KIND:
            append_escaped(out_, PyUnicode_1BYTE_DATA(str), PyUnicode_1BYTE_DATA(str) + length);
            break;
        case PyUnicode_2BYTE_KIND:
            append_escaped(out_, PyUnicode_2BYTE_DATA(str), PyUnicode_2BYTE_DATA(str) + length);
            break;
        default:
            append_escaped(out_, PyUnicode_4BYTE_DATA(str), PyUnicode_4BYTE_DATA(str) + length);
        }
    }
    out_ += '"';
    return true;
}

bool writer::integer(PyObject* number) {
    int overflow = 0;
    const long long small = PyLong_AsLongLongAndOverflow(number, &overflow);
    if (overflow == 0) {
        std::array<char, 24> text;
        const auto written = std::to_chars(text.data(), text.data() + text.size(), small);
        out_.append(text.data(), written.ptr);
        return true;
    }
    const py_ref text(PyLong_Type.tp_repr(number)); // ValueError beyond sys.set_int_max_str_digits
    if (!text) {
        return false;
    }
    out_.append(
        static_cast<const char*>(PyUnicode_DATA(text.get())),
        static_cast<std::size_t>(PyUnicode_GET_LENGTH(text.get())));
    return true;
}

bool writer::floating(double number) {
    if (std::isnan(number)) {
        out_ += "NaN";
        return true;
    }
    if (std::isinf(number)) {
        out_ += number > 0 ? "Infinity" : "-Infinity";
        return true;
    }
#ifdef __cpp_lib_to_chars
    // Both give the shortest digits that read back as the same number. Where float.__repr__
    // changes to an exponent, std::to_chars has to be told.
    const double size = std::fabs(number);
    const bool scientific = size != 0 && (size < 1e-4 || size >= 1e16);
    std::array<char, 32> text;
    const auto written = std::to_chars(
        text.data(),
        text.data() + text.size(),
        number,
        scientific ? std::chars_format::scientific : std::chars_format::fixed);
    const std::string_view digits(text.data(), written.ptr);
    out_ += digits;
    if (!scientific && digits.find('.') == std::string_view::npos) {
        out_ += ".0";
    }
#else
    const std::unique_ptr<char, decltype(&PyMem_Free)> text(
        PyOS_double_to_string(number, 'r', 0, Py_DTSF_ADD_DOT_0, nullptr), &PyMem_Free);
    if (!text) {
        return false;
    }
    out_ += text.get();
#endif
    return true;
}

bool writer::sequence(PyObject* object, bool in_tuple) {
    const nesting here(object, innermost_);
    if (!here.allowed()) {
        return false;
    }
    innermost_ = &here;
    const py_ref list_or_tuple(PySequence_Fast(object, "expected a list or a tuple"));
    if (!list_or_tuple) {
        return false;
    }
    out_ += '[';
    if (!items(list_or_tuple.get(), in_tuple)) {
        return false;
    }
    out_ += ']';
    innermost_ = here.parent();
    return true;
}

// A subclass's methods may change the container meanwhile: its size is read each time, and the
// item held.
bool writer::items(PyObject* list_or_tuple, bool in_tuple) {
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list_or_tuple); ++i) {
        separate();
        const py_ref item(new_reference(PySequence_Fast_GET_ITEM(list_or_tuple, i)));
        if (!value(item.get(), in_tuple)) {
            return false;
        }
    }
    return true;
}

bool writer::dict(PyObject* dict, bool in_tuple) {
    const nesting here(dict, innermost_);
    if (!here.allowed()) {
        return false;
    }
    innermost_ = &here;
    out_ += '{';
    if (PyDict_CheckExact(dict)) {
        Py_ssize_t position = 0;
        PyObject* key = nullptr;
        PyObject* item = nullptr;
        while (PyDict_Next(dict, &position, &key, &item) != 0) {
            const py_ref held_key(new_reference(key));
            const py_ref held_item(new_reference(item));
            if (!member(key, item, in_tuple)) {
                return false;
            }
        }
    } else if (!dict_subclass(dict, in_tuple)) {
        return false;
    }
    out_ += '}';
    innermost_ = here.parent();
    return true;
}

// As json.dumps: one that stores nothing is empty, else its items() method is asked.
bool writer::dict_subclass(PyObject* dict, bool in_tuple) {
    if (PyDict_Size(dict) == 0) {
        return true;
    }
    const py_ref pairs(PyMapping_Items(dict));
    if (!pairs) {
        return false;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(pairs.get()); ++i) {
        const py_ref pair(new_reference(PyList_GET_ITEM(pairs.get(), i)));
        if (!PyTuple_Check(pair.get()) || PyTuple_GET_SIZE(pair.get()) != 2) {
            PyErr_SetString(PyExc_ValueError, "items must return 2-tuples");
            return false;
        }
        if (!member(PyTuple_GET_ITEM(pair.get(), 0), PyTuple_GET_ITEM(pair.get(), 1), in_tuple)) {
            return false;
        }
    }
    return true;
}

bool writer::member(PyObject* name, PyObject* item, bool in_tuple) {
    separate();
    if (!key(name)) {
        return false;
    }
    out_ += ':';
    return value(item, in_tuple);
}

bool writer::key(PyObject* key) {
    if (PyUnicode_Check(key)) {
        return string(key);
    }
    const bool scalar = key == Py_None || PyLong_Check(key) || PyFloat_Check(key);
    if (!scalar) {
        PyErr_Format(
            PyExc_TypeError,
            "keys must be str, int, float, bool or None, not %.100s",
            Py_TYPE(key)->tp_name);
        return false;
    }
    out_ += '"';
    const bool written = value(key, true);
    out_ += '"';
    return written;
}

bool writer::event_name(std::string_view utf8) {
    const char* end = utf8.data() + utf8.size();
    if (skip_printable(utf8.data(), end) == end) {
        out_ += '"';
        out_ += utf8;
        out_ += '"';
        return true;
    }
    const py_ref str(new_str(utf8));
    return str && string(str.get());
}

bool writer::arguments(PyObject* data) {
    if (data == Py_None) {
        return true;
    }
    if (PyTuple_Check(data)) {
        const py_ref arguments(PySequence_Fast(data, "expected a tuple"));
        return arguments && items(arguments.get(), false);
    }
    separate();
    return value(data, false);
}

constexpr std::size_t ordinary_size = 256; // bytes, of an event's text

// Takes back what was appended, unless the whole was written.
template <class Write>
bool all_or_nothing(std::string& out, std::vector<base::bytes>& attachments, Write write) {
    struct rollback {
        std::string& out;
        std::vector<base::bytes>& attachments;
        std::size_t out_size = out.size();
        std::size_t attachment_count = attachments.size();
        bool done = false;
        ~rollback() {
            if (!done) {
                out.resize(out_size);
                attachments.resize(attachment_count);
            }
        }
    } guard{out, attachments};
    if (out.capacity() < ordinary_size) {
        out.reserve(ordinary_size); // one allocation, and not one for each doubling
    }
    writer to(out, attachments);
    guard.done = write(to);
    return guard.done;
}

} // namespace

bool dump(PyObject* value, std::string& out, std::vector<base::bytes>& attachments) {
    return all_or_nothing(out, attachments, [&](writer& to) { return to.value(value, false); });
}

bool dump_args(std::string& out, std::vector<base::bytes>& attachments, PyObject* data) {
    return all_or_nothing(out, attachments, [&](writer& to) {
        out += '[';
        const bool written = to.arguments(data);
        out += ']';
        return written;
    });
}

bool dump_event(
    std::string& out,
    std::vector<base::bytes>& attachments,
    std::string_view event,
    PyObject* data) {
    return all_or_nothing(out, attachments, [&](writer& to) {
        out += '[';
        const bool written = to.event_name(event) && to.arguments(data);
        out += ']';
        return written;
    });
}

} // namespace bindings
