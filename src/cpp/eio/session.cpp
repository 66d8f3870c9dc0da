#include "eio/session.hpp"

#include "eio/session_table.hpp"
#include "eio/wire_log.hpp"

#include <algorithm>
#include <cassert>
#include <exception>
#include <utility>

namespace eio {

namespace {

constexpr std::string_view probe_data = "probe";

close_code code_for(close_reason reason) {
    switch (reason) {
    case close_reason::server_disconnect:
    case close_reason::session_closed:
    case close_reason::client_left:
    case close_reason::client_disconnect:
    case close_reason::ping_timeout:
    case close_reason::transport_close:
        return close_code::normal;
    case close_reason::transport_error:
    case close_reason::parse_error:
    case close_reason::bad_packet:
    case close_reason::out_of_place:
        return close_code::protocol_error;
    case close_reason::slow_peer:
        return close_code::policy_violation;
    case close_reason::server_shutdown:
        return close_code::service_restart;
    }
    return close_code::internal_error;
}

} // namespace

session::session(
    session_context& context,
    const base::sid& sid,
    const http_request& request,
    std::shared_ptr<transport> carrier,
    base::time_point now)
    : context_(context),
      carrier_(std::move(carrier)),
      opened_at_(std::chrono::floor<tenths>(now.time_since_epoch())),
      sid_(sid),
      head_(request),
      ping_at_(now + context.options.ping_interval) {
    carrier_->set_owner(this);
    ++context_.counted.opened;
    if (polling_carrier())
        ++context_.counted.polling;
}

session::~session() {
    carrier_->set_owner(nullptr);
    if (probe_)
        probe_->set_owner(nullptr);
}

polling* session::polling_carrier() noexcept {
    return carrier_->kind() == transport_kind::polling ? static_cast<polling*>(carrier_.get())
                                                       : nullptr;
}

void session::send(packet&& outgoing) {
    if (closed() || overflown_)
        return;
    if (context_.options.verbose)
        log_packet(
            context_.log,
            sid_,
            direction::sending,
            outgoing.type,
            outgoing.binary,
            outgoing.data.view());
    const bool was_empty = queue_.empty();
    queued_bytes_ += outgoing.data.size();
    queue_.push_back(std::move(outgoing));
    // Closed at the end of the turn: whoever sends may be walking through a room. Who takes what it
    // is sent gets all of a turn, which is bounded by what fits into the shard's inbox.
    if (!was_empty && queued_bytes_ > 2 * context_.options.send_buffer_bytes &&
        !carrier_->writable())
        overflown_ = true;
    context_.table.mark_dirty(*this);
}

bool session::writable() const noexcept {
    return !closed() && carrier_->writable();
}

void session::flush(base::time_point now) {
    if (closed())
        return;
    if (carrier_->writable() && !queue_.empty()) {
        send_queued();
        if (closed())
            return;
    } else if (probed_ && !closes_when_sent_ && carrier_->writable()) {
        // The client pauses polling before it upgrades, and its GET is what it waits for.
        const packet noop{packet_type::noop, false, {}};
        carrier_->send({&noop, 1});
    }
    if (tells_when_sent_ && queue_.empty()) {
        tells_when_sent_ = false;
        context_.above.on_sent(*this);
    }
    // Not in one poll with what comes before it: socket.io-client hears of the end first then.
    if (closes_when_sent_ && queue_.empty() && carrier_->may_end())
        return close(*closes_when_sent_, now);
    if (overflown_) {
        close(close_reason::slow_peer, now);
    } else if (queued_bytes_ > context_.options.send_buffer_bytes && slow_deadline_ == never) {
        slow_deadline_ = now + context_.options.slow_peer_timeout;
        context_.table.schedule(*this);
    }
}

// What one send() may carry; the rest stays for the next.
void session::send_queued() {
    const auto count = std::min(queue_.size(), carrier_->max_packets_per_send());
    std::size_t payload = 0;
    std::size_t types = 0; // a binary message has none
    for (const auto& each : std::span(queue_).first(count)) {
        payload += each.data.size();
        types += each.binary ? 0 : 1;
    }
    context_.counted.sent(count, payload + types);
    carrier_->send(std::span(queue_).first(count));
    if (closed())
        return; // and the queue with it
    queued_bytes_ -= payload;
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
    if (queue_.empty())
        queue_.shrink_to_fit();
    if (queued_bytes_ <= context_.options.send_buffer_bytes)
        slow_deadline_ = never;
}

void session::tell_when_sent() {
    tells_when_sent_ = true;
    context_.table.mark_dirty(*this);
}

void session::lend() noexcept {
    lent_ = true;
    owes_pong_ = ping_at_ == never;
    ping_at_ = never;
    pong_deadline_ = never;
    relay_wait_ = relay_wait::none;
}

void session::close(close_reason reason, base::time_point now) {
    if (closed())
        return;
    if (carrier_->writable() && !queue_.empty()) {
        if (polling_carrier()) // the one poll that is parked carries the goodbye as well
            queue_.push_back({packet_type::close, false, {}});
        send_queued();
    }
    state_ = state::closed;
    ++context_.counted.closed;
    if (polling_carrier())
        --context_.counted.polling;
    queue_.clear();
    queued_bytes_ = 0;
    drop_probe(close_code::normal);
    carrier_->set_owner(nullptr);
    if (auto* poll = polling_carrier(); poll && reason == close_reason::client_disconnect)
        poll->retire();
    else
        carrier_->close(code_for(reason));
    context_.above.on_close(*this, reason, now);
    context_.table.retire(*this);
}

void session::close_when_sent(close_reason reason) {
    if (closed())
        return;
    closes_when_sent_ = reason;
    context_.table.mark_dirty(*this);
}

void session::fail(std::string_view why, base::time_point now, close_reason reason) {
    context_.log.log(
        base::log_channel::engineio,
        base::log_level::error,
        "closing session " + sid_.str() + ": " + std::string(why));
    close(reason, now);
}

void session::give_up(const char* error, base::time_point now) noexcept {
    try {
        queue_.clear();
        queued_bytes_ = 0;
        close(close_reason::transport_error, now);
        context_.log.log(
            base::log_channel::engineio,
            base::log_level::error,
            "closed session " + sid_.str() + " after an error: " + error);
    } catch (const std::exception&) {
        // Out of memory while saying so.
    }
}

base::time_point session::deadline() const noexcept {
    return std::min({ping_at_, pong_deadline_, upgrade_deadline_, slow_deadline_});
}

void session::on_deadline(base::time_point now) {
    if (now >= upgrade_deadline_)
        drop_probe(close_code::normal);
    if (now >= slow_deadline_) {
        if (asked_ == 0)
            return close(close_reason::slow_peer, now);
        slow_deadline_ = now + context_.options.slow_peer_timeout;
    }
    if (now >= pong_deadline_ && asked_ != 0) {
        pong_deadline_ = now + context_.options.ping_timeout;
    } else if (now >= pong_deadline_) {
        pong_deadline_ = never;
        if (!carrier_->relayed())
            return give_up_waiting(now);
        await_relay(relay_wait::pong_missing);
    }
    if (now >= ping_at_) {
        ping_at_ = never; // until the pong
        send({packet_type::ping, false, {}});
        context_.above.on_ping(*this);
        await_pong(now);
    }
}

void session::await_pong(base::time_point now) {
    if (reading_paused_ || !context_.options.monitor_clients)
        return;
    if (carrier_->relayed())
        return await_relay(relay_wait::ping_leaving);
    pong_deadline_ = now + context_.options.ping_timeout;
    context_.table.schedule(*this);
}

void session::await_relay(relay_wait what) {
    relay_wait_ = what;
    context_.table.await_relay(*this);
}

void session::on_relay_alive(base::time_point now) {
    switch (std::exchange(relay_wait_, relay_wait::none)) {
    case relay_wait::none:
        return;
    case relay_wait::ping_leaving:
        pong_deadline_ = now + context_.options.ping_timeout;
        return context_.table.schedule(*this);
    case relay_wait::pong_missing:
        if (asked_ == 0)
            return give_up_waiting(now);
        pong_deadline_ = now + context_.options.ping_timeout;
        return context_.table.schedule(*this);
    }
}

void session::give_up_waiting(base::time_point now) {
    note("Client is gone, closing socket");
    close(close_reason::ping_timeout, now);
}

void session::on_frame(transport& from, std::string_view data, bool binary, base::time_point now) {
    if (closed())
        return;
    context_.counted.received(data.size());
    if (&from == probe_.get())
        return on_probe_frame(data, binary, now);
    assert(&from == carrier_.get());
    if (binary) {
        log_received(packet_type::message, true, data);
        context_.above.on_message(*this, data, true, now);
        pause_if_unhandled();
    } else if (const auto received = decode_packet(data)) {
        log_received(received->type, false, received->data);
        on_carrier_packet(*received, now);
    } else {
        fail("not an Engine.IO packet", now, close_reason::parse_error);
    }
}

void session::log_received(packet_type type, bool binary, std::string_view data) {
    if (context_.options.verbose)
        log_packet(context_.log, sid_, direction::received, type, binary, data);
}

void session::note(std::string_view what) {
    if (context_.options.verbose)
        context_.log.log(
            base::log_channel::engineio,
            base::log_level::info,
            sid_.str() + ": " + std::string(what));
}

void session::on_carrier_packet(packet_view received, base::time_point now) {
    switch (received.type) {
    case packet_type::message:
        context_.above.on_message(*this, received.data, false, now);
        pause_if_unhandled();
        return;
    case packet_type::pong:
        if (lent_) {
            if (!owes_pong_)
                context_.above.on_pong(*this);
            owes_pong_ = false;
            return;
        }
        relay_wait_ = relay_wait::none;
        pong_deadline_ = never;
        if (ping_at_ == never) {
            ping_at_ = now + context_.options.ping_interval;
            context_.table.schedule(*this);
            context_.above.on_pong(*this);
        }
        return;
    case packet_type::close:
        return close(close_reason::client_disconnect, now);
    case packet_type::noop:
        return;
    case packet_type::ping: // since v4 the server pings
    case packet_type::open:
    case packet_type::upgrade:
        return fail("a packet that only a server sends, or only a probe", now);
    }
}

bool session::can_upgrade() const noexcept {
    return !closed() && !probe_ && carrier_->kind() == transport_kind::polling &&
           context_.options.allow_upgrades;
}

bool session::attach_probe(std::shared_ptr<transport> probe, base::time_point now) {
    if (!can_upgrade())
        return false;
    probe_ = std::move(probe);
    note("Received request to upgrade to websocket");
    probe_->set_owner(this);
    upgrade_deadline_ = now + context_.options.upgrade_timeout;
    context_.table.schedule(*this);
    return true;
}

// Engine.IO v4, "Upgrade": 2probe, 3probe, 5. Anything else costs the probe, not the session.
void session::on_probe_frame(std::string_view data, bool binary, base::time_point now) {
    const auto received = binary ? std::nullopt : decode_packet(data);
    if (received && !probed_ && received->type == packet_type::ping &&
        received->data == probe_data) {
        const packet pong{packet_type::pong, false, base::bytes(probe_data)};
        probed_ = true;
        context_.table.mark_dirty(*this);
        probe_->send({&pong, 1});
    } else if (received && probed_ && received->type == packet_type::upgrade) {
        complete_upgrade(now);
    } else {
        note("Failed websocket upgrade");
        drop_probe(close_code::protocol_error);
    }
}

void session::complete_upgrade(base::time_point now) {
    const auto old = std::exchange(carrier_, std::exchange(probe_, nullptr));
    --context_.counted.polling;
    probed_ = false;
    upgrade_deadline_ = never;
    static_cast<polling&>(*old).retire();
    if (reading_paused_)
        carrier_->pause_reading();
    note("Upgrade to websocket successful");
    flush(now);
}

void session::drop_probe(close_code code) {
    upgrade_deadline_ = never;
    probed_ = false;
    if (const auto probe = std::exchange(probe_, nullptr)) {
        probe->set_owner(nullptr);
        probe->close(code);
    }
}

void session::on_transport_closed(transport& from, bool failed, base::time_point now) {
    if (&from == probe_.get()) {
        probe_->set_owner(nullptr);
        probe_ = nullptr;
        probed_ = false;
        upgrade_deadline_ = never;
    } else if (&from == carrier_.get()) {
        close(failed ? close_reason::transport_error : close_reason::transport_close, now);
    }
}

void session::on_writable(transport& to, base::time_point) {
    if (&to == carrier_.get() && !closed())
        context_.table.mark_dirty(*this);
}

void session::pause_if_unhandled() {
    if (closed() || reading_paused_ || unhandled_ < unhandled_bound)
        return;
    reading_paused_ = true;
    pong_deadline_ = never;
    relay_wait_ = relay_wait::none;
    carrier_->pause_reading();
}

void session::remove_unhandled(std::size_t count, base::time_point now) {
    unhandled_ -= std::min(count, unhandled_);
    if (closed() || !reading_paused_ || unhandled_ > unhandled_bound / 2)
        return;
    reading_paused_ = false;
    if (ping_at_ == never && !lent_) // a pong is owed since before the pause
        await_pong(now);
    carrier_->resume_reading();
}

} // namespace eio
