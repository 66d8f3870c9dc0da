// A part of the server that deals with some events itself: they never get to the application.
#pragma once

#include "base/clock.hpp"
#include "base/sid.hpp"
#include "sio/packet.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sio {

class socket;

// What is known of the request that opened a session.
struct handshake {
    std::string query;   // without '?', percent-encoded
    std::string address; // of the peer; empty when unknown
};

// A client in a namespace, as modules see it. Good until the call that it is given to returns.
class peer {
public:
    explicit peer(const socket& of) noexcept : socket_(of) {}

    [[nodiscard]] const base::sid& sid() const noexcept;
    [[nodiscard]] const base::sid& eio_sid() const noexcept;
    [[nodiscard]] std::string_view nsp() const noexcept;
    [[nodiscard]] bool in_room(std::string_view room) const noexcept;
    // Whom the application has bound it to; empty when to nobody. Looks at each of its rooms.
    [[nodiscard]] std::string_view user() const noexcept;
    // When its session last sent anything but heartbeats. Not of one that leaves.
    [[nodiscard]] base::time_point active_at() const noexcept;
    // Put together anew by each call. Not of one that leaves.
    [[nodiscard]] handshake request() const;

private:
    const socket& socket_;
};

// Whether a namespace is a module's. The application hears nothing of those who are in such a one.
enum class admission : std::uint8_t {
    none,  // it is the application's
    open,  // everybody may join
    asked, // the module decides, perhaps later
};

// All calls are on the shard's thread, and may emit. They must not throw for what a peer has sent:
// its session would be closed.
class module {
public:
    virtual ~module() = default;
    // It has been told that it is connected.
    virtual void on_join(const peer&) {}
    // It has gone, or is being disconnected: nothing reaches it any more. Its rooms are still
    // known. Follows each on_join() once.
    virtual void on_leave(const peer&) {}
    // It is about to leave this room, and stays connected.
    virtual void on_leave_room(const peer&, std::string_view) {}
    // True: the event is dealt with, and `args` may have been moved from. The name is args.json's
    // first element, decoded; attachments are complete.
    [[nodiscard]] virtual bool
    on_event(const peer&, std::string_view, std::optional<std::uint64_t>, arguments&) {
        return false;
    }
    // The event with this ack id is being answered.
    virtual void on_reply(const peer&, std::uint64_t, const arguments&) {}
    // What it has asked by namespace_api::ask().
    virtual void on_answer(const peer&, std::uint64_t, arguments&) {}
    // Must not change anything.
    [[nodiscard]] virtual admission admits(std::string_view) const { return admission::none; }
    // A client wants to join a namespace where it is asked; the text is what it authenticates with,
    // a JSON object or nothing. It may leave meanwhile, and has to be answered all the same.
    virtual void on_knock(const peer&, std::string_view) {}
};

} // namespace sio
