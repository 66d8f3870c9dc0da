#include "eio/payload.hpp"

#include "base/base64.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <utility>

namespace eio {

namespace {

constexpr char separator = '\x1e';

} // namespace

std::string encode_payload(std::span<const packet> packets) {
    std::size_t size = 0;
    for (const auto& each : packets)
        size += 2 + (each.binary ? (each.data.size() + 2) / 3 * 4 : each.data.size());
    std::string body;
    body.reserve(size);
    for (const auto& each : packets) {
        if (!body.empty())
            body += separator;
        if (each.binary) {
            body += 'b';
            base::append_base64(body, each.data.view());
        } else {
            body += type_character(each.type);
            body += each.data.view();
        }
    }
    return body;
}

std::optional<std::vector<payload_item>>
decode_payload(std::string_view body, std::size_t max_packets) {
    const auto count =
        static_cast<std::size_t>(std::count(body.begin(), body.end(), separator)) + 1;
    if (count > max_packets || !base::is_utf8(body))
        return std::nullopt;
    std::vector<payload_item> items;
    items.reserve(count);
    for (bool more = true; more;) {
        const auto end = body.find(separator);
        more = end != body.npos;
        const auto text = body.substr(0, end);
        if (more)
            body.remove_prefix(end + 1);
        payload_item item;
        if (text.starts_with('b')) {
            auto bytes = base::decode_base64(text.substr(1));
            if (!bytes)
                return std::nullopt;
            item.binary = true;
            item.bytes = std::move(*bytes);
        } else {
            item.text = text;
        }
        items.push_back(std::move(item));
    }
    return items;
}

} // namespace eio
