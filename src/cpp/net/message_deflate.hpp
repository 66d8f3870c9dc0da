// permessage-deflate (RFC 7692): WebSocket messages that are compressed one by one.
//
// It is agreed on without context takeover: no message refers to one before it. So a connection
// keeps no compressor, and a broadcast is compressed once for all of its clients.
#pragma once

#include "base/bytes.hpp"
#include "eio/http.hpp"
#include "eio/packet.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace net {

struct deflate_options {
    std::size_t threshold_bytes = 1024; // smaller messages go out as they are
    int level = 6;                      // 1 (fast) to 9 (small)
};

// What agrees to the first of the client's offers that can be met; nothing when there is none.
[[nodiscard]] std::optional<std::string_view> agreed_deflate(const eio::http_request& handshake);

// What the connections of one shard share, some 300 KB from the first use on.
class message_deflate {
public:
    explicit message_deflate(const deflate_options& options);
    ~message_deflate();
    message_deflate(const message_deflate&) = delete;
    message_deflate& operator=(const message_deflate&) = delete;

    // The payload of the message that carries this packet; null when it had better go as it is.
    // Made once for all packets that share their data, and kept with it.
    [[nodiscard]] const base::bytes* deflated(const eio::packet& packet);

    enum class outcome : std::uint8_t { whole, too_big, broken };
    // A message's payload, appended to `out`, of which no more than `most` bytes are made.
    [[nodiscard]] outcome inflate(std::string_view payload, std::size_t most, std::string& out);

private:
    struct streams;
    [[nodiscard]] base::bytes deflate(std::string_view type, std::string_view data);

    const deflate_options options_;
    std::unique_ptr<streams> streams_;
    std::string scratch_;
};

} // namespace net
