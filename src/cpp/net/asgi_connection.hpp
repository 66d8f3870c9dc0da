// HTTP and WebSocket messages bridged from an ASGI server: the application's loop moves them, all
// else happens here. Belongs to the shard's thread.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/sid.hpp"
#include "eio/http.hpp"
#include "eio/server.hpp"
#include "eio/transport.hpp"
#include "net/asgi_id.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace net {

struct asgi_response {
    asgi_id exchange = 0;
    eio::http_response response;
};
// It waits for the application, which knows it by this id: that of the session that it opens, if it
// opens one. A response, an accept or a reject follows.
struct asgi_opening {
    asgi_id id = 0;
    base::sid question;
};
struct asgi_accept {
    asgi_id connection = 0;
    base::sid eio_sid;
    std::vector<eio::http_header> headers;
};
struct asgi_reject {
    asgi_id connection = 0;
    eio::http_response response;
};
struct asgi_send {
    asgi_id connection = 0;
    std::optional<char> type; // the packet's character in front of the text; none: binary
    base::bytes data;
};
struct asgi_close {
    asgi_id connection = 0;
    eio::close_code code = eio::close_code::normal;
};
struct asgi_pause {
    asgi_id connection = 0;
    bool paused = false;
};

using asgi_output = std::variant<
    asgi_response,
    asgi_opening,
    asgi_accept,
    asgi_reject,
    asgi_send,
    asgi_close,
    asgi_pause>;

class asgi_sink {
public:
    virtual ~asgi_sink() = default;
    virtual void on_asgi(asgi_output&& output) = 0;
};

class asgi_exchange;
class asgi_handshake;
class asgi_websocket;

// What is open through this door. Bounded by what the ASGI server has open. What a message makes
// fail is closed, with an answer to whoever waits for one, before the exception goes on.
class asgi_door {
public:
    asgi_door(eio::server& server, asgi_sink& sink) : server_(server), sink_(sink) {}
    ~asgi_door();
    asgi_door(const asgi_door&) = delete;
    asgi_door& operator=(const asgi_door&) = delete;

    // The head of a request whose body is still arriving: http_request() or http_abort() follows.
    void http_begin(asgi_id exchange, const eio::http_request& head, base::time_point now);
    void http_request(asgi_id exchange, eio::http_request&& request, base::time_point now);
    void http_abort(asgi_id exchange, base::time_point now);
    void ws_open(asgi_id connection, eio::http_request&& request, base::time_point now);
    void ws_receive(asgi_id connection, std::string_view data, bool binary, base::time_point now);
    // So many bytes have been passed on to the peer: opens the send window again.
    void ws_sent(asgi_id connection, std::size_t bytes, base::time_point now);
    void ws_closed(asgi_id connection, bool failed, base::time_point now);
    // The application's loop is gone, and all that it bridged.
    void abort_all(base::time_point now);

private:
    friend class asgi_exchange;
    friend class asgi_handshake;
    friend class asgi_websocket;

    void admit(asgi_id connection, eio::http_request&& request, base::time_point now);
    void attach(
        asgi_id connection,
        const eio::websocket_ticket& ticket,
        const eio::http_request& request,
        base::time_point now);
    // Those of the options.
    void add_headers(std::vector<eio::http_header>& to) const;

    eio::server& server_;
    asgi_sink& sink_;
    std::unordered_map<asgi_id, std::shared_ptr<asgi_exchange>> exchanges_;
    std::unordered_map<asgi_id, std::shared_ptr<asgi_handshake>> handshakes_;
    std::unordered_map<asgi_id, std::shared_ptr<asgi_websocket>> websockets_;
};

} // namespace net
