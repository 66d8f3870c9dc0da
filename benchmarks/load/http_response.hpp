// An HTTP/1.1 response as servers answer polling requests with: a length, or chunks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace load {

struct http_response {
    bool ok; // 200
    std::string_view head;
    std::string body;
    std::size_t size; // with its head
};

constexpr std::string_view status_line(std::string_view head) {
    return head.substr(0, head.find('\r'));
}

// The first response in the bytes; none when it is incomplete.
std::optional<http_response> first_response(std::string_view bytes);

} // namespace load
