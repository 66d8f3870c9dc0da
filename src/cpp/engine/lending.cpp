#include "engine/lending.hpp"

#include "eio/server.hpp"
#include "eio/session.hpp"
#include "engine/notification.hpp"
#include "engine/shards.hpp"
#include "sio/server.hpp"

#include <utility>

namespace engine {

namespace {

// Of a lent session there is always less than this unanswered at the other side.
constexpr std::size_t frames_a_report = 100;
// Bytes that may be on their way to it: as much as a WebSocket takes while its peer does not read.
constexpr std::size_t most_under_way = 64 * 1024;

// The reason for which a session ends when its other half was closed with this code.
eio::close_reason reason_of(eio::close_code code) noexcept {
    switch (code) {
    case eio::close_code::protocol_error:
        return eio::close_reason::bad_packet;
    case eio::close_code::policy_violation:
        return eio::close_reason::slow_peer;
    case eio::close_code::service_restart:
        return eio::close_reason::server_shutdown;
    default:
        return eio::close_reason::server_disconnect;
    }
}

} // namespace

// The transport of a carried session: the other end is the session that is lent.
class lending::carrier final : public eio::transport {
public:
    carrier(
        lending& of,
        unsigned lender,
        const base::sid& eio_sid,
        eio::door came_by,
        eio::transport_kind seen_as) noexcept
        : of_(of), lender_(lender), sid_(eio_sid), came_by_(came_by), seen_as_(seen_as) {}

    // It takes more than one packet at a time and whole frames, as a WebSocket does.
    eio::transport_kind kind() const noexcept override { return eio::transport_kind::websocket; }
    eio::transport_kind seen_as() const noexcept override { return seen_as_; }
    eio::door came_by() const noexcept override { return came_by_; }
    void set_owner(eio::transport_owner* owner) noexcept override { owner_ = owner; }
    // What comes meanwhile stays in the session's own queue, which has a bound.
    bool writable() const noexcept override {
        return under_way_ == 0 ||
               (under_way_ < most_under_way && seen_as_ == eio::transport_kind::websocket);
    }
    bool may_end() const noexcept override { return under_way_ == 0; }
    void send(std::span<const eio::packet> packets) override {
        std::vector<eio::packet> batch(packets.begin(), packets.end());
        std::size_t held = 0;
        for (auto& each : batch) {
            each.data = base::bytes(each.data.view()); // framed in place, and for one shard
            held += sizeof(each) + each.data.size();
        }
        under_way_ += held;
        post(
            [sid = sid_, batch = std::move(batch), held](shard_context& there) mutable {
                there.lent().pass_on(there, sid, std::move(batch), held);
            },
            held);
    }
    void pause_reading() override { paused_ = true; }
    void resume_reading() override {
        paused_ = false;
        report();
    }
    void close(eio::close_code code) override {
        owner_ = nullptr;
        post([sid = sid_, reason = reason_of(code)](shard_context& there) {
            if (auto* lent = there.eio().find(sid))
                lent->close(reason, there.now());
        });
        of_.carried_.erase(sid_); // the session keeps this one as long as it needs it
    }

    void on_packet(
        eio::transport_kind seen_as, std::string_view packet, bool binary, base::time_point now) {
        seen_as_ = seen_as;
        if (owner_)
            owner_->on_frame(*this, packet, binary, now);
    }
    // A frame has been dealt with, and the other side may read on. While the session is not to
    // be read it is not told, and stops at what a session may have unhandled.
    void count_frame() {
        ++unreported_;
        report();
    }
    void on_sent(std::size_t held, base::time_point now) {
        under_way_ -= held;
        if (owner_)
            owner_->on_writable(*this, now);
    }

private:
    template <class Command>
    void post(Command command, std::size_t held = 0) {
        of_.all_[lender_].post({std::move(command), held});
    }
    void report() {
        if (paused_ || unreported_ < frames_a_report)
            return;
        post([sid = sid_, count = std::exchange(unreported_, 0)](shard_context& there) {
            if (auto* lent = there.eio().find(sid))
                lent->remove_unhandled(count, there.now());
        });
    }

    lending& of_;
    const unsigned lender_;
    const base::sid sid_;
    const eio::door came_by_;
    eio::transport_kind seen_as_;
    eio::transport_owner* owner_ = nullptr;
    std::size_t under_way_ = 0;
    bool paused_ = false;
    std::size_t unreported_ = 0;
};

std::optional<unsigned> lending::elsewhere(const base::sid& pid) {
    const auto shard = base::shard_of(pid, all_.count());
    return shard == index_ ? std::nullopt : shard;
}

void lending::ask(
    unsigned shard, const base::sid& eio_sid, std::string_view nsp, const base::sid& pid) {
    all_[shard].post([from = index_, eio_sid, nsp = std::string(nsp), pid](shard_context& in) {
        in.siblings()[from].post([eio_sid, known = in.sio().knows(pid, nsp)](shard_context& back) {
            if (auto* asked = back.eio().find(eio_sid))
                back.sio().on_known(*asked, known, back.now());
        });
    });
}

void lending::lend(unsigned shard, eio::session& lent) {
    all_[shard].post([lender = index_,
                      sid = lent.sid(),
                      request = lent.request(),
                      came_by = lent.came_by(),
                      seen_as = lent.transport_in_use()](shard_context& in) {
        auto& here = in.lent();
        auto carries = std::make_shared<carrier>(here, lender, sid, came_by, seen_as);
        here.carried_.emplace(sid, carries);
        in.siblings().set_host(sid, in.index()); // until it is told as closed, which is done here
        in.eio().open_carried(sid, request, std::move(carries), in.now());
        if (!in.eio().find(sid)) { // no more are taken
            in.siblings().forget_host(sid);
            in.tell(sio::session_closed_event{sid});
        }
    });
}

void lending::on_frame(unsigned shard, eio::session& lent, std::string_view data, bool binary) {
    std::string packet;
    if (!binary)
        packet += eio::type_character(eio::packet_type::message);
    packet += data;
    const auto held = packet.size();
    all_[shard].post(
        {[sid = lent.sid(), seen_as = lent.transport_in_use(), packet = std::move(packet), binary](
             shard_context& in) { in.lent().receive(in, sid, seen_as, packet, binary); },
         held});
}

void lending::receive(
    shard_context& in,
    const base::sid& eio_sid,
    eio::transport_kind seen_as,
    std::string_view packet,
    bool binary) {
    const auto found = carried_.find(eio_sid);
    if (found == carried_.end())
        return; // it has been closed, and so will be the one that carries it
    const auto from = found->second;
    from->on_packet(seen_as, packet, binary, in.now());
    from->count_frame();
}

void lending::end_carried(shard_context& in) {
    for (const auto& [sid, from] : carried_)
        if (auto* session = in.eio().find(sid))
            session->close_when_sent(eio::close_reason::server_shutdown);
}

void lending::on_pong(unsigned shard, eio::session& lent) {
    all_[shard].post([sid = lent.sid(), seen_as = lent.transport_in_use()](shard_context& in) {
        auto& carried = in.lent().carried_;
        if (const auto found = carried.find(sid); found != carried.end()) {
            const char pong = eio::type_character(eio::packet_type::pong);
            const auto from = found->second;
            from->on_packet(seen_as, {&pong, 1}, false, in.now());
        }
    });
}

void lending::pass_on(
    shard_context& in,
    const base::sid& eio_sid,
    std::vector<eio::packet>&& batch,
    std::size_t held) {
    auto* lent = in.eio().find(eio_sid);
    if (!lent)
        return;
    for (auto& each : batch)
        lent->send(std::move(each));
    unsent_[eio_sid] += held;
    lent->tell_when_sent();
}

void lending::on_sent(unsigned shard, eio::session& lent) {
    const auto sent = unsent_.extract(lent.sid());
    if (sent.empty())
        return;
    all_[shard].post([sid = lent.sid(), held = sent.mapped()](shard_context& in) {
        auto& carried = in.lent().carried_;
        if (const auto found = carried.find(sid); found != carried.end()) {
            const auto from = found->second;
            from->on_sent(held, in.now());
        }
    });
}

void lending::on_close(unsigned shard, eio::session& lent, eio::close_reason reason) {
    unsent_.erase(lent.sid());
    all_[shard].post([sid = lent.sid(), reason](shard_context& in) {
        if (in.lent().carried_.contains(sid))
            if (auto* carried = in.eio().find(sid))
                carried->close(reason, in.now());
    });
}

} // namespace engine
