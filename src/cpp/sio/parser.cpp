#include "sio/parser.hpp"

#include "base/msgpack.hpp"
#include "sio/msgpack_packet.hpp"

namespace sio {

namespace {

namespace msgpack = base::msgpack;

// Data that decode_msgpack_packet() has checked.
std::optional<argument_scan> scan_msgpack(std::string_view data) {
    msgpack::reader from(data);
    const auto head = from.next();
    if (!head || head->is != msgpack::kind::array || head->number > base::json::limits{}.elements)
        return std::nullopt;
    argument_scan scan;
    scan.elements = static_cast<std::size_t>(head->number);
    if (const auto first = scan.elements == 0 ? std::nullopt : from.next()) {
        scan.starts_with_integer = first->is == msgpack::kind::integer;
        scan.starts_with_string = first->is == msgpack::kind::string;
        if (scan.starts_with_string)
            scan.first = first->content;
    }
    return scan;
}

bool is_map(std::string_view data) noexcept {
    const auto head = msgpack::reader(data).next();
    return head && head->is == msgpack::kind::map;
}

} // namespace

std::optional<argument_scan> scan_arguments(packet_format format, std::string_view data) {
    return format == packet_format::msgpack ? scan_msgpack(data) : base::json::scan_array(data);
}

std::string arguments_fault(packet_format format, std::string_view data) {
    if (format == packet_format::msgpack)
        return "its arguments are no array, or too many";
    return data.starts_with('[') ? base::json::fault(data) : "its arguments are no JSON array";
}

std::optional<std::string> auth_fault(packet_format format, std::string_view data) {
    if (data.empty())
        return std::nullopt;
    if (format == packet_format::msgpack)
        return is_map(data) ? std::nullopt : std::optional<std::string>("its auth is no map");
    if (data.front() != '{')
        return "its auth is no JSON object";
    if (!base::json::valid(data))
        return "its auth: " + base::json::fault(data);
    return std::nullopt;
}

outgoing_packet encode(
    packet_format format,
    packet_type type,
    std::string_view nsp,
    std::optional<std::uint64_t> id,
    std::string_view data,
    std::span<const base::bytes> attachments) {
    switch (format) {
    case packet_format::json:
        return {encode_packet(type, nsp, id, data, attachments.size()), false, attachments};
    case packet_format::msgpack:
        return {encode_msgpack_packet(type, nsp, id, data), true, {}};
    case packet_format::custom:
        break;
    }
    // Encoded by the application; see arguments::json.
    const bool binary = data.starts_with(custom_binary);
    return {base::bytes(data.substr(data.empty() ? 0 : 1)), binary, attachments};
}

std::string sid_object(packet_format format, std::string_view sid, std::string_view pid) {
    if (format == packet_format::json) {
        auto json = "{\"sid\":\"" + std::string(sid);
        if (!pid.empty())
            json.append("\",\"pid\":\"").append(pid);
        return json + "\"}";
    }
    std::string map;
    msgpack::append_map(map, 1);
    msgpack::append_string(map, "sid");
    msgpack::append_string(map, sid);
    return map;
}

std::string text_value(packet_format format, std::string_view utf8) {
    std::string value;
    if (format == packet_format::json)
        base::json::append_quoted(value, utf8);
    else
        msgpack::append_string(value, utf8);
    return value;
}

} // namespace sio
