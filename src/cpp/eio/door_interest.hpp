#pragma once

namespace eio {

// What the application wants of requests, whatever is above the sessions.
struct door_interest {
    bool decides = false;  // about who gets a session, even if the layer above does not
    bool requests = false; // to decide about each request of a session, too
    bool refusals = false; // to hear of them
};

} // namespace eio
