// The other shards, as far as clients that come back have to do with them. The layer above
// implements it. All of it is done there in the order of the calls.
#pragma once

#include "base/sid.hpp"
#include "eio/close_reason.hpp"

#include <optional>
#include <string_view>

namespace eio {
class session;
}

namespace sio {

class siblings {
public:
    virtual ~siblings() = default;
    // Which of them has given out this pid, if it was not this one.
    [[nodiscard]] virtual std::optional<unsigned> elsewhere(const base::sid& pid) = 0;
    // Whether it knows the client: it answers by server::on_known().
    virtual void
    ask(unsigned shard, const base::sid& eio_sid, std::string_view nsp, const base::sid& pid) = 0;

    // It serves the client from now on, by a session of the same name, which this one carries.
    virtual void lend(unsigned shard, eio::session& lent) = 0;
    // What the client sends, and what becomes of the session that is lent.
    virtual void on_frame(unsigned shard, eio::session& lent, std::string_view, bool binary) = 0;
    virtual void on_pong(unsigned shard, eio::session& lent) = 0;
    virtual void on_sent(unsigned shard, eio::session& lent) = 0;
    virtual void on_close(unsigned shard, eio::session& lent, eio::close_reason reason) = 0;
};

} // namespace sio
