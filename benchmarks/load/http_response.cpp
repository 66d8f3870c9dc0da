#include "load/http_response.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace load {
namespace {

constexpr std::string_view line_end = "\r\n";

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
}

// The value of a header whose name is given in lower case; empty when it is not there.
std::string_view header(std::string_view head, std::string_view name) {
    for (auto at = head.find(line_end); at != std::string_view::npos;
         at = head.find(line_end, at)) {
        at += line_end.size();
        const auto line = head.substr(at, head.find(line_end, at) - at);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
                return a == lower(b);
            })) {
            const auto value = line.substr(name.size() + 1);
            return value.substr(std::min(value.find_first_not_of(' '), value.size()));
        }
    }
    return {};
}

std::size_t number(std::string_view digits, int base) {
    std::size_t value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value, base).ec !=
        std::errc{}) {
        throw std::runtime_error("not a length: " + std::string(digits));
    }
    return value;
}

// Appends the chunks to `body`; how many bytes they take, or none when they are incomplete.
std::optional<std::size_t> take_chunks(std::string_view bytes, std::string& body) {
    std::size_t used = 0;
    for (;;) {
        const auto end = bytes.find(line_end, used);
        if (end == std::string_view::npos) {
            return {};
        }
        const auto size = number(bytes.substr(used, end - used), 16);
        used = end + line_end.size();
        if (bytes.size() < used + size + line_end.size()) {
            return {};
        }
        body += bytes.substr(used, size);
        used += size + line_end.size();
        if (size == 0) {
            return used;
        }
    }
}

} // namespace

std::optional<http_response> first_response(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        return {};
    }
    http_response found{
        .ok = bytes.starts_with("HTTP/1.1 200"),
        .head = bytes.substr(0, end),
        .body = {},
        .size = end + 4,
    };
    const auto rest = bytes.substr(found.size);
    if (header(found.head, "transfer-encoding") == "chunked") {
        const auto used = take_chunks(rest, found.body);
        if (!used) {
            return {};
        }
        found.size += *used;
        return found;
    }
    const auto length = header(found.head, "content-length");
    const auto size = length.empty() ? 0 : number(length, 10);
    if (rest.size() < size) {
        return {};
    }
    found.body = rest.substr(0, size);
    found.size += size;
    return found;
}

} // namespace load
