#include "eio/packet.hpp"

namespace eio {

std::optional<packet_view> decode_packet(std::string_view text) noexcept {
    if (text.empty() || text[0] < '0' || text[0] > '6')
        return std::nullopt;
    return packet_view{static_cast<packet_type>(text[0] - '0'), text.substr(1)};
}

} // namespace eio
