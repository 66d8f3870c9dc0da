#include "net/websocket_connection.hpp"

#include "eio/server.hpp"
#include "net/message_deflate.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace net {

namespace {

using eio::close_code;

constexpr std::size_t shared_from_bytes = 4096; // smaller payloads are cheaper copied together
constexpr std::size_t writable_up_to = 64 * 1024;
constexpr int reads_a_turn = 4; // then the other connections get theirs

void append_payload(output_queue& out, std::string_view header, const base::bytes& payload) {
    if (payload.size() >= shared_from_bytes) {
        out.append_shared(payload, payload.framed(header));
    } else {
        out.append_copy(header);
        out.append_copy(payload.view());
    }
}

void append_packet(output_queue& out, const eio::packet& packet, message_deflate* deflate) {
    if (const auto* deflated = deflate ? deflate->deflated(packet) : nullptr) {
        const auto op = packet.binary ? opcode::binary : opcode::text;
        return append_payload(out, websocket_header(op, deflated->size(), true).view(), *deflated);
    }
    const auto header =
        packet.binary ? websocket_header(opcode::binary, packet.data.size())
                      : websocket_header(eio::type_character(packet.type), packet.data.size());
    append_payload(out, header.view(), packet.data);
}

} // namespace

websocket_connection::websocket_connection(
    context& shared,
    std::unique_ptr<socket> peer,
    base::counted place,
    eio::door came_by,
    std::string_view preface,
    message_deflate* deflate)
    : context_(shared),
      deflate_(deflate),
      socket_(std::move(peer)),
      place_(std::move(place)),
      came_by_(came_by) {
    if (!preface.empty())
        pending().append_copy(preface);
}

template <class Step>
void websocket_connection::run(Step step) {
    if (state_ == state::closed)
        return;
    try {
        step();
    } catch (const std::exception& error) {
        reading_ = false;
        const auto owner = std::exchange(owner_, nullptr);
        finish();
        try {
            context_.log.log(
                base::log_channel::engineio,
                base::log_level::error,
                std::string("closing a WebSocket after an error: ") + error.what());
            if (owner)
                owner->on_transport_closed(*this, true, context_.time.now());
        } catch (const std::exception&) {
            // Out of memory while saying so. The connection is closed all the same.
        }
    }
}

void websocket_connection::start(std::string&& already_read) {
    started_ = true;
    run([&] {
        if (!already_read.empty()) // an empty one may bring storage along
            held_ = std::move(already_read);
        // Behind the end of this turn, where a new session's first packet takes the preface along.
        asio::post(
            context_.loop, [self = shared_from_this()] { self->run([&] { self->flush(); }); });
        continue_reading();
    });
}

// Reading.

void websocket_connection::continue_reading() {
    const bool wanted = started_ && state_ != state::closed && !(paused_ && state_ == state::open);
    if (!wanted || reading_ || read_waiting_)
        return;
    read_waiting_ = true;
    const auto self = shared_from_this();
    if (!held_.empty()) {
        asio::post(context_.loop, [self] {
            self->read_waiting_ = false;
            self->run([&] { self->on_held(); });
        });
    } else {
        socket_->await_readable(self);
    }
}

void websocket_connection::on_readable() noexcept {
    read_waiting_ = false;
    run([&] { read(); });
}

void websocket_connection::read() {
    reading_ = true;
    for (int i = 0; i < reads_a_turn; ++i) {
        if (paused_ && state_ == state::open)
            break; // since the wait began
        error_code error;
        const auto size = socket_->receive(context_.buffer, error);
        if (would_block(error))
            break;
        now_ = context_.time.now();
        if (error) {
            // An end without a close frame is an end all the same; only a reset is a failure.
            lose(error != asio::error::eof);
            break;
        }
        deliver({context_.buffer.data(), size});
        if (state_ == state::closed || size < context_.buffer.size())
            break; // a short read has emptied the socket: no need to ask it again
    }
    reading_ = false;
    flush(); // pongs
    continue_reading();
}

void websocket_connection::on_held() {
    if (paused_ && state_ == state::open)
        return;
    reading_ = true;
    now_ = context_.time.now();
    auto bytes = std::exchange(held_, {});
    deliver(bytes);
    reading_ = false;
    flush();
    continue_reading();
}

void websocket_connection::deliver(std::span<char> bytes) {
    if (state_ == state::ending)
        return; // read to see the peer's end, and so that closing does not reset the connection
    auto& decoder = decoder_ ? *decoder_ : context_.decoder;
    if (!decoder_)
        decoder.reset(); // from what another one has left behind by an end or an exception
    const auto fed = decoder.feed(bytes, *this, deflate_);
    if (decoder.idle())
        decoder_ = nullptr;
    else if (!decoder_)
        decoder_ = std::make_unique<websocket_decoder>(std::move(decoder));
    if (fed.violation)
        on_violation(*fed.violation);
    else if (fed.consumed < bytes.size() && state_ == state::open)
        held_.assign(bytes.data() + fed.consumed, bytes.size() - fed.consumed);
}

bool websocket_connection::decoding() const noexcept {
    return state_ == state::closing || (state_ == state::open && !paused_);
}

bool websocket_connection::on_message(std::string_view data, bool binary) {
    if (owner_ && state_ == state::open)
        owner_->on_frame(*this, data, binary, now_);
    return decoding();
}

bool websocket_connection::on_ping(std::string_view payload) {
    // At most one pong waits for a peer that does not read: it may ping all the same.
    if (state_ == state::open && !broken_ && !(write_waiting_ && pong_waiting_)) {
        pending().append_copy(websocket_header(opcode::pong, payload.size()).view());
        pending().append_copy(payload);
        pong_waiting_ = true;
    }
    return decoding();
}

bool websocket_connection::on_pong(std::string_view) {
    return decoding();
}

bool websocket_connection::on_close(std::optional<std::uint16_t> code, std::string_view) {
    peer_closed_ = true;
    if (state_ == state::open) {
        queue_close(code);
        state_ = state::ending;
        tell_owner_closed(false);
    } else {
        state_ = state::ending;
    }
    return false;
}

void websocket_connection::on_violation(close_code code) {
    const bool was_open = state_ == state::open;
    if (was_open)
        queue_close(static_cast<std::uint16_t>(code));
    state_ = state::ending;
    if (was_open)
        tell_owner_closed(true);
}

void websocket_connection::resume_reading() {
    paused_ = false;
    continue_reading();
}

// Writing.

bool websocket_connection::writable() const noexcept {
    return state_ == state::open && !broken_ && pending_size() <= writable_up_to;
}

output_queue& websocket_connection::pending() {
    if (!pending_)
        pending_ = std::make_unique<output_queue>();
    return *pending_;
}

std::size_t websocket_connection::pending_size() const noexcept {
    return pending_ ? pending_->size() : 0;
}

void websocket_connection::send(std::span<const eio::packet> packets) {
    if (state_ != state::open || broken_)
        return;
    if (pending_) {
        for (const auto& each : packets)
            append_packet(*pending_, each, deflate_);
        return flush();
    }
    // What the socket takes at once never touches storage of this connection.
    auto& scratch = context_.scratch;
    scratch.clear(); // of what an exception may have left in it
    for (const auto& each : packets)
        append_packet(scratch, each, deflate_);
    const auto error = socket_->send(scratch);
    if (!scratch.empty())
        scratch.move_to(pending());
    on_sent(error);
}

void websocket_connection::flush() {
    if (write_waiting_ || broken_ || state_ == state::closed)
        return;
    const bool closes = state_ == state::ending && peer_closed_;
    on_sent(pending_ ? socket_->send(*pending_, closes) : error_code());
}

void websocket_connection::on_sent(error_code error) {
    if (error || pending_size() == 0)
        pending_ = nullptr;
    if (error) {
        // The owner may be the caller, in the middle of its own work: it hears later.
        broken_ = true;
        asio::post(
            context_.loop, [self = shared_from_this()] { self->run([&] { self->lose(true); }); });
    } else if (!pending_) {
        pong_waiting_ = false;
        on_all_sent();
    } else {
        write_waiting_ = true;
        socket_->await_writable(shared_from_this());
    }
}

void websocket_connection::on_writable() noexcept {
    write_waiting_ = false;
    run([&] {
        const bool was_full = pending_size() > writable_up_to;
        flush();
        if (was_full && writable() && owner_)
            owner_->on_writable(*this, context_.time.now());
    });
}

void websocket_connection::on_all_sent() {
    if (state_ != state::ending || reading_)
        return;
    if (peer_closed_)
        return finish(); // both close frames are through: the server closes first
    // A peer that broke the protocol may still be sending. Closing now would reset the connection
    // and could cost it the close frame that says what was wrong.
    socket_->end_sending();
}

// Closing.

void websocket_connection::queue_close(std::optional<std::uint16_t> code) {
    const auto payload = close_payload(code);
    pending().append_copy(websocket_header(opcode::close, payload.size()).view());
    pending().append_copy(payload);
    context_.deadlines.set(*this, base::clock::now() + context_.limits.close_time);
}

void websocket_connection::close(close_code code) {
    owner_ = nullptr;
    if (state_ != state::open)
        return;
    queue_close(static_cast<std::uint16_t>(code));
    state_ = state::closing;
    flush();
    continue_reading(); // also when paused: the peer's close frame is to be seen
}

void websocket_connection::on_deadline(base::time_point) {
    const auto self = shared_from_this();
    finish();
}

void websocket_connection::tell_owner_closed(bool failed) {
    if (auto* owner = std::exchange(owner_, nullptr))
        owner->on_transport_closed(*this, failed, context_.time.now());
}

void websocket_connection::lose(bool failed) {
    finish();
    tell_owner_closed(failed);
}

void websocket_connection::finish() noexcept {
    if (std::exchange(state_, state::closed) == state::closed)
        return;
    place_.end();
    context_.deadlines.clear(*this);
    socket_->close();
}

} // namespace net
