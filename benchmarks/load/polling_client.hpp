// One Socket.IO client over long-polling, on one kept-alive connection: it posts what it has to
// say, and polls when it waits for something. So POST and GET take turns.
#pragma once

#include "load/tcp.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace load {

class polling_client;

struct polling_handlers {
    std::function<void(polling_client&)> connected;
    std::function<void(polling_client&, std::string_view)> packet; // as websocket_handlers
    std::function<void(polling_client&)> response;                 // each HTTP response
    std::function<void(polling_client&)> gone;                     // throws when not set
};

class polling_client final : public tcp {
public:
    polling_client(
        loop& on, const target& server, const polling_handlers& handlers, std::size_t index);

    [[nodiscard]] std::size_t index() const { return index_; }
    [[nodiscard]] bool connected() const { return stage_ == stage::connected; }

    // Post an Engine.IO packet and, if it will be answered, poll until the answer has come.
    void send(std::string_view packet, bool answered);
    void leave(); // a close packet, and the connection's end; `gone` follows

    bool connected_once = false; // also after it has left

private:
    enum class stage : std::uint8_t { opening, joining, connected, leaving };
    enum class request : std::uint8_t { none, poll, post };

    std::size_t on_bytes(std::string_view bytes) override;
    void on_end() override;
    void on_body(std::string_view body);
    void on_packet(std::string_view packet);
    void pump(); // the next request, if there is something to say or to wait for
    void poll();

    const polling_handlers& handlers_;
    std::size_t index_;
    std::string head_; // what every request says of the host
    std::string path_;
    std::string to_post_;
    std::size_t awaited_ = 0; // answers
    stage stage_ = stage::opening;
    request under_way_ = request::none;
};

} // namespace load
