// Text between C++, in UTF-8 with lone surrogates in three bytes each, and Python: any str can name
// a room. Under the GIL.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>
#include <vector>

namespace bindings {

// A new reference, or null with an exception set. `errors` as for bytes.decode().
[[nodiscard]] inline PyObject*
new_str(std::string_view utf8, const char* errors = "surrogatepass") noexcept {
    return PyUnicode_DecodeUTF8(utf8.data(), static_cast<Py_ssize_t>(utf8.size()), errors);
}

[[nodiscard]] pybind11::str str(std::string_view utf8, const char* errors = "surrogatepass");
[[nodiscard]] pybind11::list str_list(const std::vector<std::string>& list);

[[nodiscard]] std::string utf8(const pybind11::str& text);
[[nodiscard]] std::vector<std::string> utf8_list(const pybind11::sequence& list);

} // namespace bindings
