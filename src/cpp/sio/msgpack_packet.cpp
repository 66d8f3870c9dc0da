#include "sio/msgpack_packet.hpp"

#include "base/msgpack.hpp"

#include <string>

namespace sio {

namespace {

using base::msgpack::item;
using base::msgpack::kind;
using base::msgpack::reader;

// `undefined` of the JavaScript parser: an extension of type 0 with the one byte 0.
constexpr std::string_view undefined{"\0\0", 2};

bool is_absent(const item& value) noexcept {
    return value.is == kind::nil || (value.is == kind::extension && value.content == undefined);
}

bool is_integer_up_to(const item& value, std::uint64_t limit) noexcept {
    return value.is == kind::integer && !value.negative && value.number <= limit;
}

} // namespace

std::optional<packet_view> decode_msgpack_packet(std::string_view frame) noexcept {
    reader from(frame);
    const auto head = from.next();
    if (!head || head->is != kind::map)
        return std::nullopt;
    packet_view packet;
    bool has_type = false;
    bool has_nsp = false;
    for (auto left = head->number; left != 0; left -= 2) {
        const auto key = from.value();
        const auto value = key ? from.value() : std::nullopt;
        if (!value)
            return std::nullopt;
        const auto name = *reader(*key).next();
        if (name.is != kind::string)
            continue;
        const auto is = *reader(*value).next();
        if (name.content == "data") {
            packet.data = is_absent(is) ? std::string_view() : *value;
        } else if (name.content == "type") {
            // Attachments are among the data: there are no binary types.
            if (!is_integer_up_to(is, static_cast<std::uint64_t>(packet_type::connect_error)))
                return std::nullopt;
            packet.type = static_cast<packet_type>(is.number);
            has_type = true;
        } else if (name.content == "nsp") {
            if (is.is != kind::string && !is_absent(is))
                return std::nullopt;
            packet.nsp = is.content.empty() || is_absent(is) ? "/" : is.content;
            has_nsp = true;
        } else if (name.content == "id") {
            packet.id = std::nullopt;
            if (is_integer_up_to(is, max_ack_id))
                packet.id = is.number;
            else if (!is_absent(is))
                return std::nullopt;
        }
    }
    if (!has_type || !has_nsp || !from.at_end())
        return std::nullopt;
    return packet;
}

base::bytes encode_msgpack_packet(
    packet_type type,
    std::string_view nsp,
    std::optional<std::uint64_t> id,
    std::string_view data) {
    using namespace base::msgpack;
    std::string header;
    append_map(header, 2U + (id ? 1U : 0U) + (data.empty() ? 0U : 1U));
    append_string(header, "type");
    append_unsigned(header, static_cast<std::uint64_t>(type));
    append_string(header, "nsp");
    append_string(header, nsp);
    if (id) {
        append_string(header, "id");
        append_unsigned(header, *id);
    }
    if (!data.empty())
        append_string(header, "data"); // last: what follows it is as it was given
    return base::bytes(header, data);
}

} // namespace sio
