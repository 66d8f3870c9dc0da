// What the application is asked about a request that waits.
#pragma once

#include "base/sid.hpp"
#include "eio/http.hpp"

#include <memory>

namespace eio {

// To be answered by server::admit() or refuse(), which know it by the id.
struct door_question {
    base::sid id;
    bool opens = false;                          // a session, which will have the id
    std::shared_ptr<const http_request> request; // without its body
};

} // namespace eio
