// Sessions that are lent to other shards: a client that comes back opens its new session wherever
// its turn is, and what is known of it, its trail, stays where it was. So the trail's shard has a
// session for it as any other, and the new one only carries what the two say to each other: in
// order, and nothing else. Belongs to the shard's thread.
#pragma once

#include "base/sid.hpp"
#include "eio/close_reason.hpp"
#include "sio/packet.hpp"
#include "sio/siblings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace eio {
class session;
}

namespace sio {

class client;

struct held_frame {
    std::string data;
    bool binary = false;
};

class lender {
public:
    lender(packet_format format, siblings& to) noexcept : format_(format), to_(to) {}

    // True: the frame is none for this shard, or not yet. It counts as unhandled then, until the
    // other one has dealt with it, or answered() gives it back.
    [[nodiscard]] bool takes(client& from, std::string_view data, bool binary);
    // The other shard knows the client, or not: then these frames are for this one.
    [[nodiscard]] std::vector<held_frame> answered(eio::session& asked, bool known);
    // These return whether the session is lent.
    [[nodiscard]] bool on_pong(eio::session& from);
    [[nodiscard]] bool on_sent(eio::session& to);
    [[nodiscard]] bool on_close(eio::session& closed, eio::close_reason reason);
    [[nodiscard]] bool has_lent(const base::sid& eio_sid) const noexcept;

private:
    struct loan {
        unsigned shard;
        bool is_lent = false;         // else the other shard is being asked
        std::vector<held_frame> held; // meanwhile: at most what a session may have unhandled
    };

    // Of one that begins with the pid of another shard.
    [[nodiscard]] bool begin(client& from, std::string_view data, bool binary);

    const packet_format format_;
    siblings& to_;
    base::sid_map<loan> loans_; // by session
};

} // namespace sio
