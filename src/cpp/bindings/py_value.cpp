// JSON to Python: recursive descent, and the cache of keys.
#include "bindings/py_value.hpp"

#include "base/json.hpp"
#include "base/json_lex.hpp"
#include "bindings/py_ref.hpp"
#include "bindings/py_text.hpp"

#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <string>
#include <system_error>
#include <version>

namespace bindings {
namespace {

namespace lex = base::json::lex;

PyObject* ascii_str(std::string_view text) noexcept {
    if (text.size() == 1) {
        return PyUnicode_FromOrdinal(text.front()); // one that Python keeps
    }
    PyObject* str = PyUnicode_New(static_cast<Py_ssize_t>(text.size()), 127);
    if (str != nullptr && !text.empty()) {
        std::memcpy(PyUnicode_1BYTE_DATA(str), text.data(), text.size());
    }
    return str;
}

// One container inside another: as deep as Python's own recursion may go, and never deeper than
// the scanner goes. The first levels are not counted, which ordinary text does not leave.
class level {
public:
    level(std::size_t& depth, const char* where) : depth_(depth) {
        if (++depth_ > uncounted) [[unlikely]] {
            count(where);
        }
    }
    ~level() {
        if (depth_-- > uncounted && !refused_) [[unlikely]] {
            Py_LeaveRecursiveCall();
        }
    }
    level(const level&) = delete;
    level& operator=(const level&) = delete;
    explicit operator bool() const noexcept { return !refused_; }

private:
    static constexpr std::size_t uncounted = 20;

    void count(const char* where) {
        if (depth_ > base::json::max_depth) {
            PyErr_Format(PyExc_RecursionError, "maximum recursion depth exceeded%s", where);
            refused_ = true;
        } else {
            refused_ = Py_EnterRecursiveCall(where) != 0;
        }
    }

    std::size_t& depth_;
    bool refused_ = false;
};

// Recursive descent. Functions return a new reference or null; null without a Python exception
// means that the text is not JSON at `at_`.
class parser {
public:
    parser(std::string_view json, std::span<const base::bytes> attachments, key_cache* keys)
        : begin_(json.data()),
          at_(begin_),
          end_(begin_ + json.size()),
          attachments_(attachments),
          attachment_objects_(attachments.size()),
          keys_(keys) {}

    PyObject* document() {
        py_ref result(value());
        at_ = lex::skip_space(at_, end_);
        if (result && at_ == end_) {
            return result.release();
        }
        if (!PyErr_Occurred()) {
            PyErr_Format(
                PyExc_ValueError,
                "expected JSON within the limits, which byte %zd of %zd is not",
                static_cast<Py_ssize_t>(at_ - begin_),
                static_cast<Py_ssize_t>(end_ - begin_));
        }
        return nullptr;
    }

private:
    PyObject* value();
    PyObject* array();
    PyObject* object();
    PyObject* key(bool& placeholder);
    PyObject* string();
    PyObject* number();
    PyObject* floating(std::string_view text);
    PyObject* word(std::string_view text, PyObject* meaning);
    PyObject* constant(std::string_view text, double meaning);
    PyObject* decoded(std::string_view raw);
    PyObject* attachment_for(PyObject* dict);

    // The next character that is no white space, or 0, which no JSON has.
    char peek() noexcept {
        at_ = lex::skip_space(at_, end_);
        return at_ == end_ ? '\0' : *at_;
    }

    const char* begin_;
    const char* at_;
    const char* end_;
    std::span<const base::bytes> attachments_;
    std::vector<py_ref> attachment_objects_; // made once, however many placeholders name it
    key_cache* keys_;
    std::size_t depth_ = 0;
    std::string scratch_; // the last string with escapes
};

PyObject* parser::value() {
    switch (peek()) {
    case '"':
        return string();
    case '{':
        return object();
    case '[':
        return array();
    case 't':
        return word("true", Py_True);
    case 'f':
        return word("false", Py_False);
    case 'n':
        return word("null", Py_None);
    case 'N':
        return constant("NaN", std::numeric_limits<double>::quiet_NaN());
    case 'I':
        return constant("Infinity", std::numeric_limits<double>::infinity());
    default:
        return number();
    }
}

PyObject* parser::array() {
    const level deeper(depth_, " while decoding a JSON array from a unicode string");
    if (!deeper) {
        return nullptr;
    }
    py_ref list(PyList_New(0));
    if (!list) {
        return nullptr;
    }
    ++at_;
    if (peek() != ']') {
        for (;;) {
            const py_ref item(value());
            if (!item || PyList_Append(list.get(), item.get()) < 0) {
                return nullptr;
            }
            if (peek() != ',') {
                break;
            }
            ++at_;
        }
        if (peek() != ']') {
            return nullptr;
        }
    }
    ++at_;
    return list.release();
}

PyObject* parser::object() {
    const level deeper(depth_, " while decoding a JSON object from a unicode string");
    if (!deeper) {
        return nullptr;
    }
    py_ref dict(PyDict_New());
    if (!dict) {
        return nullptr;
    }
    bool placeholder = false;
    ++at_;
    if (peek() != '}') {
        for (;;) {
            const py_ref name(peek() == '"' ? key(placeholder) : nullptr);
            if (!name || peek() != ':') {
                return nullptr;
            }
            ++at_;
            const py_ref item(value());
            if (!item || PyDict_SetItem(dict.get(), name.get(), item.get()) < 0) {
                return nullptr;
            }
            if (peek() != ',') {
                break;
            }
            ++at_;
            at_ = lex::skip_space(at_, end_);
        }
        if (peek() != '}') {
            return nullptr;
        }
    }
    ++at_;
    return placeholder && !attachments_.empty() ? attachment_for(dict.get()) : dict.release();
}

// `placeholder` becomes true at the key that may make the object one.
PyObject* parser::key(bool& placeholder) {
    const char* begin = at_ + 1;
    const lex::string_token token = lex::read_string(begin, end_);
    if (token.close == nullptr) {
        return nullptr;
    }
    at_ = token.close + 1;
    const std::string_view raw(begin, token.close);
    if (token.escaped) {
        PyObject* str = decoded(raw);
        placeholder = placeholder || scratch_ == "_placeholder";
        return str;
    }
    placeholder = placeholder || raw == "_placeholder";
    if (!token.ascii) {
        return new_str(raw, "strict");
    }
    return keys_ != nullptr ? keys_->find(raw) : ascii_str(raw);
}

PyObject* parser::string() {
    const char* begin = at_ + 1;
    const lex::string_token token = lex::read_string(begin, end_);
    if (token.close == nullptr) {
        return nullptr;
    }
    at_ = token.close + 1;
    const std::string_view raw(begin, token.close);
    if (token.escaped) {
        return decoded(raw);
    }
    return token.ascii ? ascii_str(raw) : new_str(raw, "strict");
}

// As json.loads, a lone surrogate escape becomes a lone surrogate.
PyObject* parser::decoded(std::string_view raw) {
    scratch_.clear();
    const bool lone_surrogate = lex::append_decoded(scratch_, raw);
    return new_str(scratch_, lone_surrogate ? "surrogatepass" : "strict");
}

PyObject* parser::number() {
    constexpr std::size_t surely_64_bit = 18;
    const lex::number_token token = lex::read_number(at_, end_);
    if (token.end == nullptr) {
        return constant("-Infinity", -std::numeric_limits<double>::infinity());
    }
    const std::string_view text(at_, token.end);
    at_ = token.end;
    if (!token.integer) {
        return floating(text);
    }
    if (text.size() <= surely_64_bit) {
        long long integer = 0;
        std::from_chars(text.data(), text.data() + text.size(), integer);
        return PyLong_FromLongLong(integer);
    }
    // As int(), which bounds the digits.
    return PyLong_FromString(std::string(text).c_str(), nullptr, 10);
}

PyObject* parser::floating(std::string_view text) {
#ifdef __cpp_lib_to_chars // libc++ had no from_chars for double until version 20
    double real = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), real).ec == std::errc{}) {
        return PyFloat_FromDouble(real);
    }
#endif
    // As float(): out of range is infinity or zero.
    const double any = PyOS_string_to_double(std::string(text).c_str(), nullptr, nullptr);
    return PyErr_Occurred() ? nullptr : PyFloat_FromDouble(any);
}

PyObject* parser::word(std::string_view text, PyObject* meaning) {
    const char* behind = lex::read_word(at_, end_, text);
    if (behind == nullptr) {
        return nullptr;
    }
    at_ = behind;
    return new_reference(meaning);
}

PyObject* parser::constant(std::string_view text, double meaning) {
    const char* behind = lex::read_word(at_, end_, text);
    if (behind == nullptr) {
        return nullptr;
    }
    at_ = behind;
    return PyFloat_FromDouble(meaning);
}

// The dict itself if it is no placeholder after all.
PyObject* parser::attachment_for(PyObject* dict) {
    PyObject* mark = PyDict_GetItemString(dict, "_placeholder"); // borrowed, as `num`
    PyObject* num = PyDict_GetItemString(dict, "num");
    if (mark == nullptr || num == nullptr || PyObject_IsTrue(mark) != 1) {
        return new_reference(dict);
    }
    const Py_ssize_t index = PyLong_CheckExact(num) ? PyLong_AsSsize_t(num) : -1;
    if (index < 0 || static_cast<std::size_t>(index) >= attachments_.size()) {
        PyErr_Format(
            PyExc_ValueError,
            "expected a placeholder for one of %zu attachments, got number %R",
            attachments_.size(),
            num);
        return nullptr;
    }
    py_ref& object = attachment_objects_[static_cast<std::size_t>(index)];
    if (!object) {
        const std::string_view bytes = attachments_[static_cast<std::size_t>(index)].view();
        object.reset(
            PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size())));
    }
    return object ? new_reference(object.get()) : nullptr;
}

// The first and the last characters of a key, as many as `Word` has: keys differ there. A copy
// of a size that the compiler knows is one load.
template <class Word>
std::uint64_t both_ends(std::string_view key) noexcept {
    Word head = 0;
    Word tail = 0;
    std::memcpy(&head, key.data(), sizeof(Word));
    std::memcpy(&tail, key.data() + key.size() - sizeof(Word), sizeof(Word));
    return head ^ std::rotl(std::uint64_t{tail}, 25);
}

// Of two characters at least; its high bits are the good ones.
std::uint64_t hash(std::string_view key) noexcept {
    const std::uint64_t ends = key.size() >= 8   ? both_ends<std::uint64_t>(key)
                               : key.size() >= 4 ? both_ends<std::uint32_t>(key)
                                                 : both_ends<std::uint16_t>(key);
    return (ends ^ key.size() << 56) * 0x9E37'79B9'7F4A'7C15U;
}

} // namespace

key_cache::~key_cache() {
    for (PyObject* key : slots_) {
        Py_XDECREF(key);
    }
}

PyObject* key_cache::find(std::string_view ascii) noexcept {
    if (ascii.size() > max_length || ascii.size() < 2) {
        return ascii_str(ascii);
    }
    const std::size_t size = ascii.size();
    PyObject*& slot = slots_[hash(ascii) >> (64 - slot_bits)];
    if (slot == nullptr || static_cast<std::size_t>(PyUnicode_GET_LENGTH(slot)) != size ||
        std::memcmp(PyUnicode_1BYTE_DATA(slot), ascii.data(), size) != 0) {
        PyObject* made = ascii_str(ascii);
        if (made == nullptr) {
            return nullptr;
        }
        Py_XSETREF(slot, made); // to free a str runs no Python code
    }
    return new_reference(slot);
}

PyObject* parse(std::string_view json, std::span<const base::bytes> attachments, key_cache* keys) {
    return parser(json, attachments, keys).document();
}

} // namespace bindings
