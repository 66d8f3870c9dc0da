// Adopts a connection from another server: its descriptor, the request that it has read, and what
// came behind it. Belongs to the shard's thread.
#pragma once

#include "eio/http.hpp"
#include "net/context.hpp"

#include <string>

namespace net {

// `descriptor` is a connected TCP socket, ours from here on whatever happens. `path` is where
// Engine.IO lives for this request.
void adopt(
    context& shared,
    int descriptor,
    const std::string& path,
    eio::http_request&& request,
    std::string&& already_read);

} // namespace net
