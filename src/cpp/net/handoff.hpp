// Adopts a WebSocket handshake from another server of this process: the connection's descriptor and
// the request that the other one has read. Belongs to the shard's thread.
#pragma once

#include "eio/http.hpp"
#include "net/context.hpp"
#include "net/descriptor.hpp"
#include "net/http_connection.hpp"

namespace net {

// `peer` is a connected stream socket. Its handshake is checked and answered as on our own port,
// but for the path, which the other server has matched. Nothing that came behind the request is
// expected: a client sends no frame before it has the answer (RFC 6455, 4.1).
void adopt(
    context& shared,
    descriptor&& peer,
    eio::http_request&& handshake,
    handshake_answered&& answered = {});

} // namespace net
