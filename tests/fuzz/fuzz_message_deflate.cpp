// Whatever a peer sends as compressed, unpacking it ends, stays below the longest message, and
// leaves nothing behind for the next one. What was deflated inflates to the same.
#include "net/message_deflate.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t max_message = 4'096;

void require(bool holds) {
    if (!holds)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using outcome = net::message_deflate::outcome;
    static net::message_deflate codec({.threshold_bytes = 0});
    const std::string_view input(reinterpret_cast<const char*>(data), size);

    std::string first;
    std::string second;
    const auto ended = codec.inflate(input, max_message, first);
    require(codec.inflate(input, max_message, second) == ended && first == second);
    require(first.size() <= max_message + (ended == outcome::too_big ? 1U : 0U));

    const eio::packet packet{eio::packet_type::message, true, base::bytes(input)};
    if (const auto* made = codec.deflated(packet)) {
        std::string back;
        require(codec.inflate(made->view(), size, back) == outcome::whole && back == input);
    }

    eio::http_request handshake;
    handshake.headers = {{"Sec-WebSocket-Extensions", std::string(input)}};
    (void)net::agreed_deflate(handshake);
    return 0;
}
