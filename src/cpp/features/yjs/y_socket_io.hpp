// The events of npm's y-socket.io, read and written: bare Yjs bytes, as attachments, in a namespace
// for each document. Pure functions: any thread.
#pragma once

#include "features/yjs/request.hpp"
#include "sio/packet.hpp"

#include <optional>
#include <string_view>
#include <variant>

namespace features::yjs::y_socket_io {

constexpr std::string_view prefix = "/yjs|";

// Nothing for an event that is none of these.
[[nodiscard]] std::optional<request_kind> kind_of(std::string_view event) noexcept;
[[nodiscard]] const char* event_of(request_kind kind) noexcept;

// The bytes that an event, or an answer, consists of; or why not. Of an event the name is first.
[[nodiscard]] std::variant<std::string_view, refusal>
bytes_of(const sio::arguments& args, bool is_answer, std::size_t most);

// One that a client is sent; without a name, an answer.
[[nodiscard]] sio::arguments carrying(std::string_view event, std::string_view bytes);
[[nodiscard]] sio::arguments refused(std::string_view event, refusal why, std::string_view detail);

} // namespace features::yjs::y_socket_io
