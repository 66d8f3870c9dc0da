// What the connections of one shard share. Belongs to the shard's thread.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/session_clock.hpp"
#include "base/shared_count.hpp"
#include "net/deadlines.hpp"
#include "net/output_queue.hpp"
#include "net/poller.hpp"
#include "net/websocket_frame.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <unordered_set>

namespace boost::asio {
class io_context;
}
namespace eio {
class server;
}

namespace net {

class http_connection;
class message_deflate;
class origin_judge;
class siblings;

// A connection reads into it and deals with what it read before it returns to the loop, so one
// buffer serves them all and an idle connection has none.
using read_buffer = std::array<char, 64 * 1024>;

struct limits {
    std::size_t head_bytes = 16 * 1024;  // request line and fields: 431
    std::size_t head_fields = 100;       // 431
    std::size_t target_bytes = 8 * 1024; // 414
    std::chrono::seconds head_time{10};  // from its first byte, or from the accept
    std::chrono::seconds body_time{20};  // from the end of the head; also to take a response
    std::chrono::seconds idle_time{60};  // between two requests
    std::chrono::seconds close_time{2};  // for the peer to close as well
    std::size_t max_connections = 0;     // 0: no limit; beyond: 503
};

class context {
public:
    context(
        boost::asio::io_context& loop,
        eio::server& server,
        net::read_buffer& buffer,
        base::log_sink& log,
        const net::limits& limits = {},
        siblings* others = nullptr,
        base::shared_count connections = base::make_shared_count(),
        const base::session_clock& time = base::real_time,
        origin_judge* judge = nullptr);
    ~context();
    context(const context&) = delete;
    context& operator=(const context&) = delete;

    boost::asio::io_context& loop;
    eio::server& server;
    net::read_buffer& buffer;
    base::log_sink& log;
    const net::limits limits;
    siblings* const others;          // null: this shard is the only one
    const base::session_clock& time; // what sessions are told; the deadlines here are real
    origin_judge* const judge;       // null: the configuration decides about origins
    net::poller poller;
    net::deadlines deadlines;
    // Those that are open on all shards together, whether they are a session's yet or not.
    base::shared_count connections;
    std::unordered_set<http_connection*> http_connections; // those that are not WebSockets (yet)
    bool told_path = false;                                // of a client that asked for another one
    // Where a turn's frames are put together; what a socket does not take moves to its own queue.
    output_queue scratch;
    // Decodes for every WebSocket that is between two messages; who is inside one has its own.
    websocket_decoder decoder;
    const std::unique_ptr<message_deflate> deflate; // null: not offered to anybody

private:
    class ticker;
    std::shared_ptr<ticker> ticker_;
};

} // namespace net
