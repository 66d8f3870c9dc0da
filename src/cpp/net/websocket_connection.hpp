// An open WebSocket: a plain socket and the codec, as an Engine.IO transport.
// Belongs to the shard's thread; its pending operations keep it alive.
#pragma once

#include "base/shared_count.hpp"
#include "eio/transport.hpp"
#include "net/context.hpp"
#include "net/deadlines.hpp"
#include "net/output_queue.hpp"
#include "net/socket.hpp"
#include "net/websocket_frame.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace net {

class websocket_connection final : public eio::transport,
                                   public std::enable_shared_from_this<websocket_connection>,
                                   public socket_user,
                                   private websocket_sink,
                                   private deadline_holder {
public:
    // `preface` is the answer to the handshake: it goes out before any frame. `deflate`: the
    // context's, when the handshake has agreed on compression.
    websocket_connection(
        context& shared,
        std::unique_ptr<socket> peer,
        base::counted place,
        eio::door came_by,
        std::string_view preface,
        message_deflate* deflate = nullptr);

    // Begins to read, with what came right behind the handshake, and sends the preface, with the
    // first packet if that is sent in this turn. Once, after an owner is set.
    void start(std::string&& already_read);

    [[nodiscard]] eio::transport_kind kind() const noexcept override {
        return eio::transport_kind::websocket;
    }
    [[nodiscard]] eio::door came_by() const noexcept override { return came_by_; }
    void set_owner(eio::transport_owner* owner) noexcept override { owner_ = owner; }
    [[nodiscard]] bool writable() const noexcept override;
    void send(std::span<const eio::packet> packets) override;
    void pause_reading() override { paused_ = true; }
    void resume_reading() override;
    void close(eio::close_code code) override;

private:
    enum class state : std::uint8_t {
        open,
        closing, // our close frame is on its way, the peer's has yet to come
        ending,  // no frame counts any more: what is queued goes out, then the socket closes
        closed,
    };

    // Runs what the loop has completed: nothing that it throws reaches the loop.
    template <class Step>
    void run(Step step);

    void continue_reading();
    void on_readable() noexcept override;
    void read();
    void on_held();
    void deliver(std::span<char> bytes);
    void on_violation(eio::close_code code);

    [[nodiscard]] bool on_message(std::string_view data, bool binary) override;
    [[nodiscard]] bool on_ping(std::string_view payload) override;
    [[nodiscard]] bool on_pong(std::string_view payload) override;
    [[nodiscard]] bool
    on_close(std::optional<std::uint16_t> code, std::string_view reason) override;
    [[nodiscard]] bool decoding() const noexcept;

    [[nodiscard]] output_queue& pending();
    [[nodiscard]] std::size_t pending_size() const noexcept;
    void queue_close(std::optional<std::uint16_t> code);
    void flush();
    void on_sent(error_code error);
    void on_writable() noexcept override;
    void on_all_sent();

    void on_deadline(base::time_point now) override;
    void tell_owner_closed(bool failed);
    void lose(bool failed);
    void finish() noexcept;

    context& context_;
    message_deflate* const deflate_; // null: no message is compressed
    std::unique_ptr<socket> socket_;
    base::counted place_;                        // among those that are open
    std::unique_ptr<websocket_decoder> decoder_; // inside a message; else null
    std::unique_ptr<output_queue> pending_;      // null when there is nothing to send
    std::string held_; // read but not decoded: the rest of a read during which reading was paused
    eio::transport_owner* owner_ = nullptr;
    base::time_point now_{}; // of the last read
    state state_ = state::open;
    eio::door came_by_;
    bool started_ = false;
    bool paused_ = false;
    bool reading_ = false;      // inside read() or on_held()
    bool read_waiting_ = false; // for bytes, or for the turn of on_held()
    bool write_waiting_ = false;
    bool pong_waiting_ = false; // a pong in pending_
    bool broken_ = false;       // a write has failed
    bool peer_closed_ = false;  // its close frame has come
};

} // namespace net
