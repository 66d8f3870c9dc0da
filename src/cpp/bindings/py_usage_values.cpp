#include "bindings/py_usage_values.hpp"

#include <cerrno>
#include <limits>
#include <stdexcept>
#include <string>

namespace bindings {

namespace py = pybind11;
namespace usage = engine::usage;

namespace {

// The text stays the str's.
std::string_view text_of(py::handle given, const char* what) {
    if (!PyUnicode_Check(given.ptr()))
        throw py::type_error(
            std::string(what) + " must be a str, not " + py::repr(given).cast<std::string>());
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(given.ptr(), &size);
    if (!data)
        throw py::error_already_set();
    return {data, static_cast<std::size_t>(size)};
}

std::string_view text_or_none(py::handle given, const char* what) {
    return given.is_none() ? std::string_view() : text_of(given, what);
}

// Numbers too large for the meter come out as ones that it refuses.
std::int64_t integer_of(py::handle given, const char* what) {
    if (PyBool_Check(given.ptr()) || !PyIndex_Check(given.ptr()))
        throw py::type_error(
            std::string(what) + " must be an integer, not " + py::repr(given).cast<std::string>());
    const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(given.ptr()));
    if (!number)
        throw py::error_already_set();
    int overflow = 0;
    const auto value = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
    if (overflow != 0)
        return overflow < 0 ? -1 : std::numeric_limits<std::int64_t>::max();
    return value;
}

std::int64_t total_of(py::handle given, std::int64_t in, std::int64_t out) {
    if (!given.is_none())
        return integer_of(given, "total_tokens");
    constexpr auto large = std::numeric_limits<std::int64_t>::max() / 2;
    return in < large && out < large ? in + out : large; // either is refused anyway
}

py::tuple tuple_of(const usage::row_value& row) {
    py::tuple groups(row.groups.size());
    for (std::size_t i = 0; i < row.groups.size(); ++i)
        groups[i] = row.groups[i];
    const auto& sum = row.sum;
    return py::make_tuple(
        row.model, row.user, groups, row.minute, sum.in, sum.out, sum.total, sum.events);
}

} // namespace

usage::record usage_record(
    py::handle model,
    py::handle in,
    py::handle out,
    py::handle total,
    py::handle user,
    py::handle id,
    std::int64_t at) {
    usage::record made;
    made.model = text_of(model, "model");
    made.in = integer_of(in, "prompt_tokens");
    made.out = integer_of(out, "completion_tokens");
    made.total = total_of(total, made.in, made.out);
    made.user = text_or_none(user, "user");
    made.id = text_or_none(id, "id");
    made.at = at;
    return made;
}

bool was_counted(usage::outcome result) {
    switch (result) {
    case usage::outcome::counted:
        return true;
    case usage::outcome::duplicate:
        return false;
    case usage::outcome::full:
    case usage::outcome::overflow:
        throw std::runtime_error(std::string(reason(result)));
    case usage::outcome::journal_failed:
        PyErr_SetString(PyExc_OSError, std::string(reason(result)).c_str());
        throw py::error_already_set();
    case usage::outcome::negative:
    case usage::outcome::absurd:
    case usage::outcome::contradictory:
    case usage::outcome::too_old:
    case usage::outcome::in_the_future:
    case usage::outcome::no_model:
    case usage::outcome::long_name:
    case usage::outcome::not_utf8:
        break;
    }
    throw py::value_error(std::string(reason(result)));
}

void throw_os_error(const std::system_error& error) {
    errno = error.code().value();
    PyErr_SetFromErrnoWithFilename(PyExc_OSError, error.what());
    throw py::error_already_set();
}

py::list usage_rows(const std::vector<usage::row_value>& rows) {
    py::list made(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        made[i] = tuple_of(rows[i]);
    return made;
}

} // namespace bindings
