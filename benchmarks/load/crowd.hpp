// Many connected WebSocket clients, and what all scenarios do with them.
#pragma once

#include "load/loop.hpp"
#include "load/websocket_client.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace load {

class crowd {
public:
    crowd(loop& on, target server) : loop_(on), server_(std::move(server)) {}

    // Connect so many more clients, a bounded number at a time; one that is not let in is
    // replaced. Throws when it takes too long.
    void connect(std::size_t count);
    [[nodiscard]] std::uint64_t retries() const { return retries_; }
    // Every client sends the same frame, which asks for an ack, and all have it.
    void ask_all(std::string_view frame);
    // One client sends an event, given as `["name",…]`, and its ack's `[…]` is returned.
    std::string ask(websocket_client& one, std::string_view event, duration limit);

    [[nodiscard]] std::size_t size() const { return clients_.size(); }
    websocket_client& operator[](std::size_t index) { return *clients_[index]; }
    void clear() { clients_.clear(); } // hang up on the server, without a word

    websocket_handlers handlers; // of all clients; may be set anew between runs of the loop

private:
    loop& loop_;
    target server_;
    std::vector<std::unique_ptr<websocket_client>> clients_;
    std::uint64_t retries_ = 0;
};

} // namespace load
