// Open WebUI's `ydoc:` events, read and written. Bytes are lists of integers, or attachments.
// Pure functions: any thread.
#pragma once

#include "features/yjs/request.hpp"
#include "sio/packet.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace features::yjs::open_webui {

// Nothing for an event that is none of these.
[[nodiscard]] std::optional<request_kind> kind_of(std::string_view event) noexcept;

[[nodiscard]] const char* event_of(request_kind kind) noexcept;

// The event, without who has sent it; or why not. Its name of the document is put into `document`
// if it can be read: `note_x` is the document `note:x`, which access is decided for. `data` that is
// too large, or not JSON, is left out.
[[nodiscard]] std::variant<request, refusal>
read(request_kind kind, const sio::arguments& args, const options& chosen, std::string& document);

// --- what members are told ---

struct person {
    std::string id = "null"; // JSON, as are the others
    std::string name = "null";
    std::string color = "null";
};

[[nodiscard]] sio::arguments joined(std::string_view document, const person& who);
[[nodiscard]] sio::arguments left(std::string_view document, const person& who);
[[nodiscard]] sio::arguments update(
    channel how,
    std::string_view document,
    const person& from,
    std::string_view sid,
    std::string_view update);
[[nodiscard]] sio::arguments
awareness(channel how, std::string_view document, const person& from, std::string_view update);
// `content`: JSON. `sessions`: a JSON list of the members' sids.
[[nodiscard]] sio::arguments state(
    channel how,
    std::string_view document,
    std::string_view state,
    std::string_view content,
    std::string_view sessions,
    std::string_view epoch);
[[nodiscard]] sio::arguments
refused(std::string_view document, std::string_view event, refusal why, std::string_view detail);
// The answer to `initialize`.
[[nodiscard]] sio::arguments acknowledged(channel how, std::string_view state);

} // namespace features::yjs::open_webui
