// The other shards, as far as connections have to do with them. The layer above implements it.
// A request is dealt with on its session's shard: a connection that brings one to another shard
// moves there, with what has been read of it, and stays until it brings one for a third.
#pragma once

#include "base/shared_count.hpp"
#include "eio/http.hpp"
#include "net/descriptor.hpp"
#include "net/http_parser.hpp"

#include <memory>
#include <optional>
#include <string>

namespace net {

struct http_door;

// On its way: nothing of the shard that it comes from.
struct moving_connection {
    descriptor peer;
    base::counted place; // among those that are open
    std::shared_ptr<http_door> door;
    http_parser parser; // which has the head of a request, if not all of it
    std::string input;  // read and not parsed
};

class siblings {
public:
    virtual ~siblings() = default;
    // Where a request belongs, if not here: to its session's shard, or to the one whose turn it is
    // to open a session.
    [[nodiscard]] virtual std::optional<unsigned> elsewhere(const eio::http_request& request) = 0;
    // For arrive() over there; a shard that has ended closes it.
    virtual void move(unsigned shard, moving_connection&& leaving) = 0;
};

} // namespace net
