#include "features/yjs/y_socket_io.hpp"

#include "base/json.hpp"
#include "features/yjs/json_members.hpp"

namespace features::yjs::y_socket_io {

std::optional<request_kind> kind_of(std::string_view event) noexcept {
    if (event == "sync-update")
        return request_kind::update;
    if (event == "awareness-update")
        return request_kind::awareness;
    if (event == "sync-step-1")
        return request_kind::sync;
    return std::nullopt;
}

const char* event_of(request_kind kind) noexcept {
    switch (kind) {
    case request_kind::update:
        return "sync-update";
    case request_kind::awareness:
        return "awareness-update";
    case request_kind::sync:
        return "sync-step-1";
    case request_kind::join:
    case request_kind::leave:
    case request_kind::gone:
    case request_kind::identify:
    case request_kind::state:
    case request_kind::server_update:
    case request_kind::server_state:
    case request_kind::server_members:
    case request_kind::server_clear:
        break;
    }
    return "connect";
}

std::variant<std::string_view, refusal>
bytes_of(const sio::arguments& args, bool is_answer, std::size_t most) {
    json_members in(args.json);
    if (!is_answer)
        (void)in.next();
    const auto value = in.next();
    const auto number = value ? placeholder(value->value) : std::nullopt;
    if (!number || *number >= args.attachments.size())
        return refusal::malformed;
    const auto bytes = args.attachments[*number].view();
    if (bytes.size() > most)
        return refusal::too_large;
    return bytes;
}

sio::arguments carrying(std::string_view event, std::string_view bytes) {
    sio::arguments args{"[", {}};
    if (!event.empty())
        args.json.append("\"").append(event).append("\",");
    args.json += "{\"_placeholder\":true,\"num\":0}]";
    args.attachments.emplace_back(bytes);
    return args;
}

sio::arguments refused(std::string_view event, refusal why, std::string_view detail) {
    sio::arguments args{"[\"sync-nack\",{\"event\":", {}};
    base::json::append_quoted(args.json, event);
    args.json += ",\"reason\":";
    base::json::append_quoted(args.json, to_string(why));
    args.json += ",\"detail\":";
    base::json::append_quoted(args.json, detail);
    args.json += "}]";
    return args;
}

} // namespace features::yjs::y_socket_io
