// Adopts connections from elsewhere in this process: their descriptors, and what has been read.
// Belongs to the shard's thread.
#pragma once

#include "eio/http.hpp"
#include "net/context.hpp"
#include "net/descriptor.hpp"
#include "net/http_connection.hpp"
#include "net/siblings.hpp"

namespace net {

// A WebSocket handshake from another server. `peer` is a connected stream socket. The handshake is
// checked and answered as on our own port, but for the path, which the other server has matched.
// Nothing that came behind the request is expected: a client sends no frame before it has the
// answer (RFC 6455, 4.1).
void adopt(
    context& shared,
    descriptor&& peer,
    eio::http_request&& handshake,
    handshake_answered&& answered = {});

// A connection from another shard.
void arrive(context& shared, moving_connection&& arriving);

} // namespace net
