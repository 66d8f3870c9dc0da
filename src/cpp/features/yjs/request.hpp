// What a client asks of a document: a value that goes from its shard to the document's.
#pragma once

#include "features/yjs/options.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace features::yjs {

// How a member is spoken to.
enum class channel : std::uint8_t {
    lists,       // Open WebUI: JSON, bytes as lists of integers
    binary,      // the same, bytes as attachments: to a client that asked for it when it joined
    y_socket_io, // npm's y-socket.io
};
constexpr std::size_t channels = 3;

enum class request_kind : std::uint8_t {
    join,
    leave,
    gone,     // its session has ended
    identify, // it is another's now, and may perhaps write
    update,
    state, // all, once more
    awareness,
    sync, // its state vector, for what it has not got
    // The application's; `ack` is the number that server_answer has.
    server_update,
    server_state,
    server_members,
    server_clear,
};

[[nodiscard]] constexpr bool is_of_server(request_kind kind) noexcept {
    return kind >= request_kind::server_update;
}

struct request {
    request_kind kind = request_kind::join;
    channel how = channel::lists;
    std::string document = {};
    std::string sid = {};
    std::string nsp = {};
    std::optional<std::uint64_t> ack = {};
    std::string bytes = {};    // of an update, an awareness update, a state vector
    std::string data = {};     // JSON: the editor's own rendering
    bool data_dropped = false; // there was some, too large or not JSON
    bool has_update = false;
    bool may_write = true;   // of a join
    bool initialize = false; // only if there is nothing yet
    // JSON of a join: as they came, but the application may know better who it is.
    std::string user_id = {};
    std::string user_name = {};
    std::string user_color = {};

    [[nodiscard]] std::size_t weight() const noexcept {
        return sizeof(*this) + bytes.size() + data.size();
    }
};

} // namespace features::yjs
