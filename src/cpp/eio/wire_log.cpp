#include "eio/wire_log.hpp"

#include "base/utf8.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace eio {

namespace {

constexpr std::array<std::string_view, 7> packet_names{
    "OPEN", "CLOSE", "PING", "PONG", "MESSAGE", "UPGRADE", "NOOP"};
constexpr std::size_t longest_data = 16 * 1024; // bytes of a packet in its line
constexpr std::size_t longest_word = 200;       // of a header or a query

// The beginning of a text that may be of any length, without half a character.
std::string_view beginning(std::string_view text) {
    if (text.size() <= longest_data)
        return text;
    auto size = longest_data;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
        --size;
    return text.substr(0, size);
}

std::string sentence(refusal_reason why, const http_request& request, const request_query& query) {
    const auto sid = [&] { return query.sid ? printable(*query.sid) : std::string("None"); };
    switch (why) {
    case refusal_reason::origin:
        return printable(request.header("Origin")) + " is not an accepted origin.";
    case refusal_reason::transport:
        return "Invalid transport";
    case refusal_reason::version:
        return "The client is using an unsupported version of the Socket.IO or Engine.IO protocols";
    case refusal_reason::upgrade:
        return "Invalid websocket upgrade";
    case refusal_reason::session:
        return "Invalid session " + sid();
    case refusal_reason::upgraded:
        return "Unexpected HTTP request for session " + sid();
    case refusal_reason::method:
        return "Method " + printable(request.method) + " not supported";
    }
    return {};
}

} // namespace

std::string printable(std::string_view word) {
    std::string made(word.substr(0, longest_word));
    for (auto& each : made)
        if (each < ' ' || each > '~')
            each = '?';
    return made;
}

void log_packet(
    base::log_sink& log,
    const base::sid& session,
    direction way,
    packet_type type,
    bool binary,
    std::string_view data) {
    const bool sending = way == direction::sending;
    auto line = session.str() + (sending ? ": Sending packet " : ": Received packet ");
    line += packet_names[static_cast<std::size_t>(type)];
    line += " data ";
    if (binary)
        line += "<binary>";
    else if (sending && data.empty())
        line += "None"; // as python-engineio has no data
    else if (const auto begun = beginning(data); base::is_utf8(begun))
        line += begun;
    else
        line += "<no UTF-8>";
    log.log(base::log_channel::engineio, base::log_level::info, std::move(line));
}

void refusal_log::note(
    refusal_reason why, const http_request& request, const request_query& query) {
    const auto bit = 1U << static_cast<unsigned>(why);
    const bool said = (said_ & bit) != 0;
    if (said && !verbose_)
        return;
    said_ |= bit;
    auto text = sentence(why, request, query);
    auto level = base::log_level::info;
    if (!said && why == refusal_reason::method) {
        level = base::log_level::warning;
    } else if (!said) {
        level = base::log_level::error;
        text += " (further occurrences of this error will be logged with level INFO)";
    }
    log_.log(base::log_channel::engineio, level, std::move(text));
}

} // namespace eio
