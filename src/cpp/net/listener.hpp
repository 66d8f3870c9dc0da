// A listening port: accepts connections, whichever shard they will end on. Belongs to the shard's
// thread.
#pragma once

#include "net/context.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace net {

class listener {
public:
    // Binds every address that `host` names (all of the machine when it is empty) and listens; port
    // 0 takes a free one. Engine.IO is served at `path`, 404 is the answer elsewhere.
    // Throws std::system_error when no address could be bound.
    listener(context& shared, const std::string& host, std::uint16_t port, const std::string& path);
    ~listener();
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    // Of the first address.
    [[nodiscard]] std::pair<std::string, std::uint16_t> local_endpoint() const;
    // Accepts no more. Connections that wait for a request are closed, others after their
    // response; WebSockets belong to their sessions and stay. Those on other shards, which have
    // moved there, are to be told by close_waiting().
    void stop();

private:
    class acceptor;
    struct body;
    std::unique_ptr<body> body_;
};

} // namespace net
