// One HTTP/1 connection: requests in order, one at a time; may become a WebSocket.
// Belongs to the shard's thread; its pending operations keep it alive.
#pragma once

#include "base/shared_count.hpp"
#include "base/sid.hpp"
#include "eio/http.hpp"
#include "net/context.hpp"
#include "net/deadlines.hpp"
#include "net/http_parser.hpp"
#include "net/output_queue.hpp"
#include "net/socket.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace net {

// What the connections that came through one door share, on whichever shard they are.
struct http_door {
    explicit http_door(std::string path_, eio::door kind_ = eio::door::listen)
        : path(std::move(path_)), kind(kind_) {}

    const std::string path; // where Engine.IO lives; all else is answered with 404
    const eio::door kind;
    std::atomic<bool> closing = false;
};

// How a handshake that another server has read was answered: the session that the WebSocket serves,
// if there is one, and the status (0: there was no answer). Called once; before, perhaps, with
// status 100 and the session that it will serve if the application, which has to decide, lets it
// in.
using handshake_answered = std::function<void(std::optional<base::sid> eio_sid, int status)>;
// Ends this shard's connections of doors that are closing: at once those that wait for a request,
// the others after their response.
void close_waiting(context& shared);
// Ends them all at once, and without a word.
void end_connections(context& shared) noexcept;

class http_connection final : public eio::http_exchange,
                              public std::enable_shared_from_this<http_connection>,
                              public socket_user,
                              private deadline_holder {
public:
    http_connection(
        context& shared,
        std::shared_ptr<http_door> door,
        std::unique_ptr<socket> peer,
        base::counted place);
    ~http_connection() override;

    // Begins to read. `local` is our own end, `remote` the peer's.
    void start(
        const boost::asio::ip::tcp::endpoint& local, const boost::asio::ip::tcp::endpoint& remote);
    // Begins with a WebSocket handshake that another server has read and found a place for. The
    // addresses in it are kept: a proxy in front may have named the peer.
    void start(eio::http_request&& handshake, handshake_answered&& answered);
    // Goes on where another shard has stopped, which has read a request's head at least.
    void go_on(http_parser&& parser, std::string&& already_read);

    void respond(eio::http_response&& response) override;
    void watch(eio::exchange_watcher* watcher) override { watcher_ = watcher; }
    void await_verdict(const base::sid& opens) override;
    void let_in(
        const eio::http_request& handshake,
        const eio::websocket_ticket& ticket,
        base::time_point now) override;
    [[nodiscard]] eio::door came_by() const noexcept override { return door_->kind; }

private:
    friend void close_waiting(context& shared);
    friend void end_connections(context& shared) noexcept;

    enum class state : std::uint8_t {
        reading,
        answering, // a request is with the server, or parked there
        writing,
        lingering, // all is said: waits for the peer to close
        closed,
    };

    template <class Step>
    void run(Step step);
    [[nodiscard]] http_parser new_parser() const;
    void set_endpoints(
        const boost::asio::ip::tcp::endpoint& local, const boost::asio::ip::tcp::endpoint& remote);
    [[nodiscard]] bool one_too_many() const noexcept;

    void continue_reading();
    void on_readable() noexcept override;
    void read();
    void on_peer_end();
    void take(std::string_view arrived);
    void process(bool fed = false);
    void await_more();
    [[nodiscard]] bool move_away();
    void add_endpoints(eio::http_request& request) const;
    void handle(eio::http_request&& request);
    void not_found(const eio::http_request& request);
    void ask_about_origin(eio::http_request&& request);
    void serve(eio::http_request&& request);
    void become_websocket(const eio::http_request& request);
    void attach_websocket(const eio::http_request& request, const eio::websocket_ticket& ticket);
    void tell_answer(std::optional<base::sid> eio_sid, int status);
    void refuse(int status);

    void on_writable() noexcept override;
    void write();
    void on_written();
    void linger();

    void on_deadline(base::time_point now) override;
    void set_deadline(base::time_point::duration from_now);
    void close_when_done();
    void finish() noexcept;

    context& context_;
    std::shared_ptr<http_door> door_;
    std::unique_ptr<socket> socket_;
    base::counted place_; // among those that are open
    http_parser parser_;
    std::string input_; // read but not parsed
    output_queue output_;
    eio::exchange_watcher* watcher_ = nullptr;
    handshake_answered answered_;
    std::string remote_address_;
    std::string local_address_;
    std::uint16_t remote_port_ = 0;
    std::uint16_t local_port_ = 0;
    state state_ = state::reading;
    http_parser::phase timed_ = http_parser::phase::idle; // which phase the deadline is for
    bool read_waiting_ = false;
    bool processing_ = false;
    bool at_home_ = false; // the request that is being read belongs to this shard
    bool keep_alive_ = false;
    bool head_only_ = false;
    bool continue_sent_ = false;
};

// Whether a request's path is `path`: percent-decoded, a slash at the end not counting.
[[nodiscard]] bool same_path(std::string_view requested, std::string_view path);

} // namespace net
