// One session and its sockets: reads its packets, gathers their attachments, routes them by
// namespace. Belongs to the shard's thread.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/deadline_queue.hpp"
#include "eio/session.hpp"
#include "sio/packet.hpp"
#include "sio/parser.hpp"
#include "sio/socket.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sio {

class server;

// What breaks the protocol in a frame: for the log, and for what its session is closed.
struct mistake {
    mistake(const char* text) : what(text) {}
    mistake(std::string text, eio::close_reason ends_for = eio::close_reason::bad_packet)
        : what(std::move(text)), reason(ends_for) {}

    std::string what;
    eio::close_reason reason = eio::close_reason::bad_packet;
};
using fault = std::optional<mistake>; // nothing if all is well

class client {
public:
    client(server& above, eio::session& session) noexcept : above_(above), session_(session) {}

    // With a fault the caller closes the session.
    [[nodiscard]] fault on_frame(std::string_view data, bool binary);

    [[nodiscard]] eio::session& session() noexcept { return session_; }
    [[nodiscard]] const base::sid& sid() const noexcept { return session_.sid(); } // the session's
    [[nodiscard]] const std::vector<socket*>& sockets() const noexcept { return sockets_; }
    [[nodiscard]] socket* find(std::string_view nsp) const noexcept;
    void add(socket& joined) {
        sockets_.push_back(&joined);
        ++unfreed_;
    }
    // One of its sockets has been freed; until then it counts, though it may have left.
    void on_freed() noexcept { --unfreed_; }
    [[nodiscard]] std::size_t unfreed_sockets() const noexcept { return unfreed_; }
    // Whether the server has taken it out of this namespace.
    [[nodiscard]] bool was_removed_from(std::string_view nsp) const noexcept;
    // The socket is gone, or must not be found any more. `by_server`: events that were under way
    // are no fault of the client.
    void remove(const socket& left, bool by_server);

    base::time_point active_at{};  // when it last sent a message: an event, an ack, a join
    base::deadline_place joins_by; // the server's: until it has joined its first namespace

    void send(const outgoing_packet& packet);

private:
    // An event or ack that waits for its attachments.
    struct partial_packet {
        packet_type type; // event or ack
        std::string nsp;
        std::optional<std::uint64_t> id;
        std::size_t missing;
        std::size_t bytes = 0;
        std::string event; // its name, when it is one
        arguments args;
    };

    [[nodiscard]] fault on_text(std::string_view text);
    [[nodiscard]] fault on_msgpack(std::string_view data);
    [[nodiscard]] fault on_packet(const packet_view& packet);
    [[nodiscard]] fault on_attachment(std::string_view data);
    [[nodiscard]] fault on_connect(const packet_view& packet);
    [[nodiscard]] fault on_arguments(const packet_view& packet);
    void deliver(
        socket& to,
        bool is_ack,
        std::optional<std::uint64_t> id,
        std::string_view event,
        arguments&& args);

    server& above_;
    eio::session& session_;
    std::vector<socket*> sockets_; // few: one a namespace, at most config::max_namespaces
    std::size_t unfreed_ = 0;
    // Namespaces that the server took this client out of; null when there is none.
    std::unique_ptr<std::vector<std::string>> left_;
    std::unique_ptr<partial_packet> partial_;
};

} // namespace sio
