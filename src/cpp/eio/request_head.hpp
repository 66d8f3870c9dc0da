// The request that opened a session, as small as it can be kept for the session's lifetime.
#pragma once

#include "eio/http.hpp"

#include <memory>

namespace eio {

// One block of memory, about as long as the head was on the wire. Most applications never look at
// it again: the request is put together when they do.
class request_head {
public:
    explicit request_head(const http_request& request);

    // As it was, without its body.
    [[nodiscard]] http_request unpack() const;

private:
    std::unique_ptr<char[]> packed_;
};

} // namespace eio
