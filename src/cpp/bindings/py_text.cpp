#include "bindings/py_text.hpp"

namespace bindings {

namespace py = pybind11;

py::str str(std::string_view utf8, const char* errors) {
    auto* made = new_str(utf8, errors);
    if (!made)
        throw py::error_already_set();
    return py::reinterpret_steal<py::str>(made);
}

py::list str_list(const std::vector<std::string>& list) {
    py::list made;
    for (const auto& each : list)
        made.append(str(each));
    return made;
}

std::string utf8(const py::str& text) {
    Py_ssize_t size = 0;
    if (const char* data = PyUnicode_AsUTF8AndSize(text.ptr(), &size))
        return {data, static_cast<std::size_t>(size)};
    PyErr_Clear();
    const auto encoded = py::reinterpret_steal<py::bytes>(
        PyUnicode_AsEncodedString(text.ptr(), "utf-8", "surrogatepass"));
    if (!encoded)
        throw py::error_already_set();
    return encoded;
}

std::vector<std::string> utf8_list(const py::sequence& list) {
    std::vector<std::string> made;
    made.reserve(list.size());
    for (const auto& each : list)
        made.push_back(utf8(py::cast<py::str>(each)));
    return made;
}

} // namespace bindings
