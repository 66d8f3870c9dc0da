#include "features/yjs/open_webui.hpp"

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "features/yjs/json_members.hpp"

#include <utility>

namespace features::yjs::open_webui {

namespace {

constexpr std::string_view prefix = "ydoc:";
constexpr std::size_t most_of_a_user = 1'024; // bytes of JSON; more is null

// The beginning of an event; members follow, and "}]".
std::string begun(std::string_view event, std::string_view document, std::size_t more = 0) {
    std::string text;
    text.reserve(64 + event.size() + document.size() + more);
    text.append("[\"ydoc:").append(event).append("\",{\"document_id\":");
    base::json::append_quoted(text, document);
    return text;
}

void add(std::string& text, std::string_view key, std::string_view json) {
    text.append(",\"").append(key).append("\":").append(json);
}

void add_text(std::string& text, std::string_view key, std::string_view value) {
    text.append(",\"").append(key).append("\":");
    base::json::append_quoted(text, value);
}

void add_bytes(sio::arguments& to, channel how, std::string_view key, std::string_view bytes) {
    to.json.append(",\"").append(key).append("\":");
    if (how == channel::lists)
        return append_list(to.json, bytes);
    to.json.append("{\"_placeholder\":true,\"num\":0}");
    to.attachments.emplace_back(bytes);
}

sio::arguments ended(sio::arguments&& args) {
    args.json += "}]";
    return std::move(args);
}

// What is passed on every client must be able to read: with a NaN in it, which Python takes, they
// would take the whole packet for broken.
bool is_readable(std::string_view json) {
    return base::json::valid(json, {.non_finite = false});
}

std::string bounded(std::string_view json) {
    return json.size() <= most_of_a_user && is_readable(json) ? std::string(json)
                                                              : std::string("null");
}

// One byte takes two characters at least, four and white space at most.
std::variant<std::string, refusal>
bytes_of(std::string_view value, const sio::arguments& args, std::size_t most) {
    if (const auto number = placeholder(value)) {
        if (*number >= args.attachments.size())
            return refusal::malformed;
        const auto bytes = args.attachments[*number].view();
        return bytes.size() <= most ? std::variant<std::string, refusal>(std::string(bytes))
                                    : refusal::too_large;
    }
    if (value.size() > 8 * most + 2)
        return refusal::too_large;
    auto bytes = bytes_of_list(value);
    if (!bytes)
        return refusal::malformed;
    if (bytes->size() > most)
        return refusal::too_large;
    return std::move(*bytes);
}

} // namespace

std::optional<request_kind> kind_of(std::string_view event) noexcept {
    if (!event.starts_with(prefix))
        return std::nullopt;
    if (event == "ydoc:document:update")
        return request_kind::update;
    if (event == "ydoc:awareness:update")
        return request_kind::awareness;
    if (event == "ydoc:document:join")
        return request_kind::join;
    if (event == "ydoc:document:state")
        return request_kind::state;
    if (event == "ydoc:document:leave")
        return request_kind::leave;
    return std::nullopt;
}

const char* event_of(request_kind kind) noexcept {
    switch (kind) {
    case request_kind::join:
        return "ydoc:document:join";
    case request_kind::leave:
        return "ydoc:document:leave";
    case request_kind::state:
        return "ydoc:document:state";
    case request_kind::awareness:
        return "ydoc:awareness:update";
    case request_kind::gone:
    case request_kind::identify:
    case request_kind::update:
    case request_kind::sync:
    case request_kind::server_update:
    case request_kind::server_state:
    case request_kind::server_members:
    case request_kind::server_clear:
        break;
    }
    return "ydoc:document:update";
}

std::variant<request, refusal>
read(request_kind kind, const sio::arguments& args, const options& chosen, std::string& document) {
    json_members list(args.json);
    (void)list.next(); // the event's name
    const auto first = list.next();
    if (!first || first->value.front() != '{')
        return refusal::malformed;
    request made{.kind = kind, .how = channel::lists};
    std::string_view bytes;
    // Its members come in any order, and a refusal names the document.
    for (json_members in(first->value); const auto each = in.next();) {
        const auto& [key, value] = *each;
        if (key == "document_id") {
            if (auto name = json_string(value, chosen.max_name_bytes);
                name && !name->empty() && base::is_utf8(*name))
                made.document = std::move(*name);
            else
                return refusal::malformed;
        } else if (key == "update") {
            bytes = value == "null" ? std::string_view() : value;
        } else if (key == "data" && value.front() == '{') {
            // Without it the update is none the worse: those that follow build on it.
            made.data_dropped = value.size() > chosen.max_data_bytes || !is_readable(value);
            made.data = made.data_dropped ? std::string_view() : value;
        } else if (key == "initialize") {
            made.initialize = value == "true";
        } else if (key == "binary") {
            made.how = value == "true" ? channel::binary : channel::lists;
        } else if (key == "user_id") {
            made.user_id = bounded(value);
        } else if (key == "user_name") {
            made.user_name = bounded(value);
        } else if (key == "user_color") {
            made.user_color = bounded(value);
        }
    }
    if (made.document.empty())
        return refusal::malformed;
    if (made.document.starts_with("note_"))
        made.document[4] = ':';
    document = made.document;
    if (bytes.empty())
        return made;
    const auto most = kind == request_kind::awareness ? 16 * (chosen.max_awareness_bytes + 32)
                                                      : chosen.max_update_bytes;
    auto decoded = bytes_of(bytes, args, most);
    if (const auto* why = std::get_if<refusal>(&decoded))
        return *why;
    made.bytes = std::get<std::string>(std::move(decoded));
    made.has_update = true;
    return made;
}

sio::arguments joined(std::string_view document, const person& who) {
    auto text = begun("user:joined", document);
    add(text, "user_id", who.id);
    add(text, "user_name", who.name);
    add(text, "user_color", who.color);
    return ended({std::move(text), {}});
}

sio::arguments left(std::string_view document, const person& who) {
    auto text = begun("user:left", document);
    add(text, "user_id", who.id);
    return ended({std::move(text), {}});
}

sio::arguments update(
    channel how,
    std::string_view document,
    const person& from,
    std::string_view sid,
    std::string_view update) {
    sio::arguments args{begun("document:update", document, 5 * update.size()), {}};
    add(args.json, "user_id", from.id);
    add_bytes(args, how, "update", update);
    add_text(args.json, "socket_id", sid);
    return ended(std::move(args));
}

sio::arguments
awareness(channel how, std::string_view document, const person& from, std::string_view update) {
    sio::arguments args{begun("awareness:update", document, 5 * update.size()), {}};
    add(args.json, "user_id", from.id);
    add_bytes(args, how, "update", update);
    return ended(std::move(args));
}

sio::arguments state(
    channel how,
    std::string_view document,
    std::string_view state,
    std::string_view content,
    std::string_view sessions,
    std::string_view epoch) {
    sio::arguments args{begun("document:state", document, 4 * state.size() + content.size()), {}};
    add_bytes(args, how, "state", state);
    add(args.json, "content", content.empty() ? "null" : content);
    add(args.json, "sessions", sessions);
    add_text(args.json, "epoch", epoch);
    return ended(std::move(args));
}

sio::arguments
refused(std::string_view document, std::string_view event, refusal why, std::string_view detail) {
    auto text = begun("nack", document);
    add_text(text, "event", event);
    add_text(text, "reason", to_string(why));
    add_text(text, "detail", detail);
    return ended({std::move(text), {}});
}

sio::arguments acknowledged(channel how, std::string_view state) {
    sio::arguments args{"[", {}};
    if (how == channel::lists) {
        append_list(args.json, state);
    } else {
        args.json += "{\"_placeholder\":true,\"num\":0}";
        args.attachments.emplace_back(state);
    }
    args.json += ']';
    return args;
}

} // namespace features::yjs::open_webui
