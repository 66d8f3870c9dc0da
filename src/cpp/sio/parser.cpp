#include "sio/parser.hpp"

#include "base/json_find.hpp"
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

std::optional<std::string> msgpack_text_member(std::string_view data, std::string_view name) {
    msgpack::reader from(data);
    const auto head = from.next();
    if (!head || head->is != msgpack::kind::map)
        return std::nullopt;
    for (auto left = head->number; left != 0; left -= 2) {
        const auto key = from.value();
        const auto value = key ? from.value() : std::nullopt;
        if (!value)
            break;
        const auto found = msgpack::reader(*key).next();
        if (found->is != msgpack::kind::string || found->content != name)
            continue;
        const auto is = msgpack::reader(*value).next();
        // The JavaScript parser writes `undefined` as an extension.
        if (is->is == msgpack::kind::nil || is->is == msgpack::kind::extension)
            break;
        return std::string(is->is == msgpack::kind::string ? is->content : std::string_view());
    }
    return std::nullopt;
}

std::string with_msgpack_argument(std::string_view args, std::string_view utf8) {
    msgpack::reader from(args);
    const auto head = from.next();
    if (!head || head->is != msgpack::kind::array)
        return std::string(args); // not made by an emit
    std::string all;
    all.reserve(args.size() + utf8.size() + 8);
    msgpack::append_array(all, static_cast<std::uint32_t>(head->number) + 1);
    all += from.rest();
    msgpack::append_string(all, utf8);
    return all;
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

std::optional<std::string>
text_member(packet_format format, std::string_view data, std::string_view name) {
    if (data.empty())
        return std::nullopt;
    if (format == packet_format::msgpack)
        return msgpack_text_member(data, name);
    const auto found = base::json::member(data, name);
    if (!found || *found == "null")
        return std::nullopt;
    return base::json::string(*found).value_or(std::string());
}

std::string with_argument(packet_format format, std::string_view args, std::string_view utf8) {
    if (format == packet_format::msgpack)
        return with_msgpack_argument(args, utf8);
    std::string all;
    all.reserve(args.size() + utf8.size() + 3);
    all += args.substr(0, args.rfind(']'));
    all += ',';
    base::json::append_quoted(all, utf8);
    all += ']';
    return all;
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
    msgpack::append_map(map, pid.empty() ? 1 : 2);
    msgpack::append_string(map, "sid");
    msgpack::append_string(map, sid);
    if (!pid.empty()) {
        msgpack::append_string(map, "pid");
        msgpack::append_string(map, pid);
    }
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
