// All clients of one run and the epoll loop that serves them. One thread.
#pragma once

#include "load/client.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace load {

class swarm {
public:
    explicit swarm(target server);
    ~swarm();
    swarm(const swarm&) = delete;
    swarm& operator=(const swarm&) = delete;

    // Connect so many clients, a bounded number at a time. Throws when it takes too long.
    void connect(std::size_t count, clock::time_point deadline);

    std::vector<std::unique_ptr<client>>& clients() { return clients_; }
    void on_packet(client::packet_handler handler) { handler_ = std::move(handler); }

    // Serve until `done` (asked once a turn) or the deadline; false when the deadline came first.
    bool run(clock::time_point deadline, const std::function<bool()>& done);

    // Send what was queued. Not needed in a handler for the client that the packet came to.
    void flush(client& one) { serve(one, false); }

private:
    void watch(client& one, bool writing);
    void serve(client& one, bool readable);

    target server_;
    int epoll_;
    std::vector<std::unique_ptr<client>> clients_;
    std::vector<bool> writing_; // whether epoll watches for writability, by client index
    client::packet_handler handler_ = [](client&, std::string_view) {};
};

} // namespace load
