#include "sio/lender.hpp"

#include "eio/session.hpp"
#include "sio/client.hpp"
#include "sio/msgpack_packet.hpp"
#include "sio/parser.hpp"
#include "sio/recovery.hpp"

#include <utility>

namespace sio {

bool lender::takes(client& from, std::string_view data, bool binary) {
    auto& session = from.session();
    const auto found = loans_.find(session.sid());
    if (found == loans_.end()) {
        if (!begin(from, data, binary))
            return false;
    } else if (found->second.is_lent) {
        to_.on_frame(found->second.shard, session, data, binary);
    } else {
        found->second.held.push_back({std::string(data), binary});
    }
    session.add_unhandled();
    return true;
}

bool lender::begin(client& from, std::string_view data, bool binary) {
    auto& session = from.session();
    if (session.carried() || from.unfreed_sockets() != 0 ||
        binary != (format_ == packet_format::msgpack))
        return false;
    const auto packet = binary ? decode_msgpack_packet(data) : decode_packet(data, 0);
    if (!packet || packet->type != packet_type::connect || auth_fault(format_, packet->data))
        return false;
    const auto claimed = read_claim(format_, packet->data);
    const auto shard = claimed.pid ? to_.elsewhere(*claimed.pid) : std::nullopt;
    if (!shard)
        return false;
    loans_.emplace(session.sid(), loan{*shard, false, {{std::string(data), binary}}});
    to_.ask(*shard, session.sid(), packet->nsp, *claimed.pid);
    return true;
}

std::vector<held_frame> lender::answered(eio::session& asked, bool known) {
    const auto found = loans_.find(asked.sid());
    if (found == loans_.end() || found->second.is_lent)
        return {};
    auto held = std::exchange(found->second.held, {});
    if (!known) {
        loans_.erase(found);
        return held;
    }
    const auto shard = found->second.shard;
    found->second.is_lent = true;
    asked.lend();
    to_.lend(shard, asked);
    for (const auto& each : held)
        to_.on_frame(shard, asked, each.data, each.binary);
    return {};
}

bool lender::has_lent(const base::sid& eio_sid) const noexcept {
    const auto found = loans_.find(eio_sid);
    return found != loans_.end() && found->second.is_lent;
}

bool lender::on_pong(eio::session& from) {
    const bool lent = has_lent(from.sid());
    if (lent)
        to_.on_pong(loans_.find(from.sid())->second.shard, from);
    return lent;
}

bool lender::on_sent(eio::session& to) {
    const bool lent = has_lent(to.sid());
    if (lent)
        to_.on_sent(loans_.find(to.sid())->second.shard, to);
    return lent;
}

bool lender::on_close(eio::session& closed, eio::close_reason reason) {
    const auto found = loans_.find(closed.sid());
    if (found == loans_.end())
        return false;
    const auto gone = std::move(found->second);
    loans_.erase(found);
    if (gone.is_lent)
        to_.on_close(gone.shard, closed, reason);
    return gone.is_lent;
}

} // namespace sio
