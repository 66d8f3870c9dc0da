// Clients that come back to another shard than the one that they are known on. Theirs has a session
// for them, carried by the one that they have opened: what either says is posted to the other's
// shard, in order. See sio/lender.hpp.
#pragma once

#include "base/sid.hpp"
#include "eio/door.hpp"
#include "eio/packet.hpp"
#include "eio/transport.hpp"
#include "sio/siblings.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

class shard_context;
class shards;

// Of one shard; belongs to its thread.
class lending final : public sio::siblings {
public:
    lending(unsigned index, shards& all) noexcept : index_(index), all_(all) {}

    // --- of sessions that are lent ---
    [[nodiscard]] std::optional<unsigned> elsewhere(const base::sid& pid) override;
    void ask(unsigned shard, const base::sid& eio_sid, std::string_view nsp, const base::sid& pid)
        override;
    void lend(unsigned shard, eio::session& lent) override;
    void on_frame(unsigned shard, eio::session& lent, std::string_view data, bool binary) override;
    void on_pong(unsigned shard, eio::session& lent) override;
    void on_sent(unsigned shard, eio::session& lent) override;
    void on_close(unsigned shard, eio::session& lent, eio::close_reason reason) override;

    // --- of sessions that are carried ---
    [[nodiscard]] std::size_t carried() const noexcept { return carried_.size(); }
    // As soon as they have been sent all that is queued for them.
    void end_carried(shard_context& in);

private:
    class carrier;

    void receive(
        shard_context& in,
        const base::sid& eio_sid,
        eio::transport_kind seen_as,
        std::string_view packet,
        bool binary);

    // To the one that is lent.
    void pass_on(
        shard_context& in,
        const base::sid& eio_sid,
        std::vector<eio::packet>&& batch,
        std::size_t held);

    const unsigned index_;
    shards& all_;
    base::sid_map<std::size_t> unsent_; // bytes that have come for those that are lent
    base::sid_map<std::shared_ptr<carrier>> carried_; // by session
};

} // namespace engine
