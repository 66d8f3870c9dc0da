// A polling body: packets joined by 0x1e, binary messages as 'b' and base64.
// Engine.IO v4, "Packet encoding", HTTP long-polling.
#pragma once

#include "eio/packet.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eio {

// What a body holds, in order: the text form of a packet, or a binary message's bytes.
struct payload_item {
    bool binary = false;
    std::string_view text; // into the body; empty when binary
    std::string bytes;     // decoded; empty when text

    [[nodiscard]] std::string_view data() const noexcept {
        return binary ? std::string_view(bytes) : text;
    }
};

[[nodiscard]] std::string encode_payload(std::span<const packet> packets);

// Nothing when the body is not UTF-8, holds bad base64 or more than `max_packets`.
[[nodiscard]] std::optional<std::vector<payload_item>>
decode_payload(std::string_view body, std::size_t max_packets);

} // namespace eio
