#include "net/http_connection.hpp"

#include "eio/server.hpp"
#include "eio/wire_log.hpp"
#include "net/content_encoding.hpp"
#include "net/http_response_head.hpp"
#include "net/message_deflate.hpp"
#include "net/origin_judge.hpp"
#include "net/siblings.hpp"
#include "net/websocket_connection.hpp"
#include "net/websocket_handshake.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <charconv>
#include <exception>
#include <iterator>
#include <utility>
#include <variant>
#include <vector>

namespace net {

namespace {

// Read ahead while a request waits for its response: pipelined requests, and above all the end.
constexpr std::size_t read_ahead_bytes = 64 * 1024;

std::string percent_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        const char* digits = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
            out += static_cast<char>(value);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string_view without_slash(std::string_view path) noexcept {
    return path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

} // namespace

bool same_path(std::string_view requested, std::string_view path) {
    return without_slash(percent_decoded(requested)) == without_slash(path);
}

void close_waiting(context& shared) {
    const auto& open = shared.http_connections;
    const std::vector<http_connection*> copy(open.begin(), open.end());
    for (auto* each : copy)
        if (open.contains(each) && each->door_->closing)
            each->close_when_done();
}

void end_connections(context& shared) noexcept {
    while (!shared.http_connections.empty())
        (*shared.http_connections.begin())->finish();
}

http_connection::http_connection(
    context& shared,
    std::shared_ptr<http_door> door,
    std::unique_ptr<socket> peer,
    base::counted place)
    : context_(shared),
      door_(std::move(door)),
      socket_(std::move(peer)),
      place_(std::move(place)),
      parser_(new_parser()) {
    context_.http_connections.insert(this);
}

http_connection::~http_connection() {
    if (state_ != state::closed)
        context_.http_connections.erase(this);
}

http_parser http_connection::new_parser() const {
    return {context_.limits, context_.server.options().max_payload_bytes};
}

template <class Step>
void http_connection::run(Step step) {
    if (state_ == state::closed)
        return;
    try {
        step();
    } catch (const std::exception& error) {
        const auto watcher = std::exchange(watcher_, nullptr);
        finish();
        try {
            context_.log.log(
                base::log_channel::engineio,
                base::log_level::error,
                std::string("closing an HTTP connection after an error: ") + error.what());
            if (watcher)
                watcher->on_peer_gone(context_.time.now());
        } catch (const std::exception&) {
            // Out of memory while saying so. The connection is closed all the same.
        }
    }
}

void http_connection::start(
    const asio::ip::tcp::endpoint& local, const asio::ip::tcp::endpoint& remote) {
    run([&] {
        if (one_too_many())
            return refuse(503);
        set_endpoints(local, remote);
        set_deadline(context_.limits.head_time);
        continue_reading();
    });
}

void http_connection::start(eio::http_request&& handshake, handshake_answered&& answered) {
    answered_ = std::move(answered);
    run([&] {
        socket_->no_delay();
        if (one_too_many())
            return refuse(503);
        state_ = state::answering;
        become_websocket(handshake);
        continue_reading(); // one that waits for a verdict may go away
    });
}

// Of this one, too, `connections` knows.
bool http_connection::one_too_many() const noexcept {
    const auto most = context_.limits.max_connections;
    return most != 0 && *context_.connections > most;
}

void http_connection::set_endpoints(
    const asio::ip::tcp::endpoint& local, const asio::ip::tcp::endpoint& remote) {
    local_address_ = local.address().to_string();
    local_port_ = local.port();
    remote_address_ = remote.address().to_string();
    remote_port_ = remote.port();
}

void http_connection::go_on(http_parser&& parser, std::string&& already_read) {
    parser_ = std::move(parser);
    input_ = std::move(already_read);
    at_home_ = true;
    run([&] {
        const auto& request = parser_.request();
        local_address_ = request.local_address;
        local_port_ = request.local_port;
        remote_address_ = request.remote_address;
        remote_port_ = request.remote_port;
        process(true);
        continue_reading();
    });
}

// Reading. A read is pending in every state but `writing`: a poll that is parked learns from it
// that its peer has gone.

void http_connection::continue_reading() {
    const bool wanted = state_ == state::reading || state_ == state::lingering ||
                        (state_ == state::answering && input_.size() < read_ahead_bytes);
    if (!wanted || read_waiting_)
        return;
    read_waiting_ = true;
    socket_->await_readable(shared_from_this());
}

void http_connection::on_readable() noexcept {
    read_waiting_ = false;
    run([&] { read(); });
}

void http_connection::read() {
    error_code error;
    const auto size = socket_->receive(context_.buffer, error);
    if (would_block(error))
        return continue_reading();
    if (error)
        return on_peer_end();
    if (state_ != state::lingering)
        take({context_.buffer.data(), size});
    continue_reading();
}

void http_connection::on_peer_end() {
    const auto watcher = std::exchange(watcher_, nullptr);
    // A client may end its side and still wait for the response that is being written.
    if (state_ != state::writing)
        finish();
    if (watcher)
        watcher->on_peer_gone(context_.time.now());
}

// Parsed where it lies: only what is left over is kept.
void http_connection::take(std::string_view arrived) {
    const bool feeds = state_ == state::reading && input_.empty() && !processing_;
    if (feeds)
        arrived.remove_prefix(parser_.feed(arrived));
    input_ += arrived;
    process(feeds);
}

// `fed` tells that the parser has had its share of the input already.
void http_connection::process(bool fed) {
    if (processing_)
        return;
    processing_ = true;
    while (state_ == state::reading && (fed || !input_.empty())) {
        if (!std::exchange(fed, false))
            input_.erase(0, parser_.feed(input_));
        const auto phase = parser_.at();
        if (move_away())
            break;
        if (phase == http_parser::phase::failed) {
            refuse(parser_.status());
        } else if (phase == http_parser::phase::done) {
            keep_alive_ = parser_.keep_alive();
            handle(std::move(parser_.request()));
        } else {
            await_more();
            break;
        }
    }
    processing_ = false;
    if (input_.empty() && input_.capacity() > 4096)
        input_.shrink_to_fit();
}

// As soon as a request's head says that it belongs to another shard.
bool http_connection::move_away() {
    const auto phase = parser_.at();
    if (!context_.others ||
        (phase != http_parser::phase::body && phase != http_parser::phase::done))
        return false;
    if (std::exchange(at_home_, true) || !same_path(parser_.request().path, door_->path))
        return false;
    const auto home = context_.others->elsewhere(parser_.request());
    if (!home)
        return false;
    add_endpoints(parser_.request());
    context_.others->move(
        *home,
        {socket_->release(), std::move(place_), door_, std::move(parser_), std::move(input_)});
    finish();
    return true;
}

void http_connection::await_more() {
    const auto phase = parser_.at();
    if (phase == http_parser::phase::body && parser_.expects_continue() &&
        !std::exchange(continue_sent_, true)) {
        output_.append_copy("HTTP/1.1 100 Continue\r\n\r\n");
        if (socket_->send(output_))
            return finish();
    }
    if (phase == std::exchange(timed_, phase))
        return;
    if (phase == http_parser::phase::body && same_path(parser_.request().path, door_->path))
        context_.server.on_request_begun(parser_.request(), *this, context_.time.now());
    set_deadline(
        phase == http_parser::phase::body ? context_.limits.body_time : context_.limits.head_time);
}

void http_connection::add_endpoints(eio::http_request& request) const {
    request.remote_address = remote_address_;
    request.remote_port = remote_port_;
    request.local_address = local_address_;
    request.local_port = local_port_;
}

void http_connection::handle(eio::http_request&& request) {
    context_.deadlines.clear(*this);
    add_endpoints(request);
    head_only_ = request.method == "HEAD";
    state_ = state::answering;
    if (!same_path(request.path, door_->path))
        not_found(request);
    else if (context_.judge && !request.header("Origin").empty())
        ask_about_origin(std::move(request));
    else
        serve(std::move(request));
}

// A Socket.IO client with another path sees a 404 and nothing else; so it is said once, here.
void http_connection::not_found(const eio::http_request& request) {
    if (request.query.find("EIO=") != std::string::npos && !std::exchange(context_.told_path, true))
        context_.log.log(
            base::log_channel::socketio,
            base::log_level::error,
            "a Socket.IO client asks for \"" + eio::printable(request.path) +
                "\", but the path is \"" + door_->path + "\"");
    respond(plain_response(404));
}

// The answer takes a turn of the application's loop, and as long as that is busy; the connection
// waits in `answering`, as for any answer, and is gone when its peer is.
void http_connection::ask_about_origin(eio::http_request&& request) {
    const auto held = std::make_shared<eio::http_request>(std::move(request));
    context_.judge->judge(held, [waiting = weak_from_this(), held](bool allowed) {
        const auto self = waiting.lock();
        if (!self || self->state_ != state::answering)
            return;
        held->origin_allowed = allowed;
        self->run([&] { self->serve(std::move(*held)); });
    });
}

void http_connection::serve(eio::http_request&& request) {
    if (wants_websocket(request))
        become_websocket(request);
    else
        context_.server.on_request(std::move(request), shared_from_this(), context_.time.now());
}

void http_connection::become_websocket(const eio::http_request& request) {
    if (auto refusal = check_handshake(request))
        return respond(std::move(*refusal));
    auto admission = context_.server.admit_websocket(request);
    if (auto* refusal = std::get_if<eio::http_response>(&admission))
        return respond(std::move(*refusal));
    if (std::holds_alternative<eio::verdict_needed>(admission))
        return context_.server.await_verdict(request, shared_from_this(), context_.time.now());
    attach_websocket(request, std::get<eio::websocket_ticket>(admission));
}

void http_connection::attach_websocket(
    const eio::http_request& request, const eio::websocket_ticket& ticket) {
    const auto extensions = context_.deflate ? agreed_deflate(request) : std::nullopt;
    auto headers = ticket.headers;
    std::ranges::copy(context_.server.options().headers, std::back_inserter(headers));
    const auto opened = std::make_shared<websocket_connection>(
        context_,
        std::move(socket_),
        std::move(place_),
        door_->kind,
        accept_handshake(request, extensions.value_or(""), headers),
        extensions ? context_.deflate.get() : nullptr);
    state_ = state::closed;
    context_.http_connections.erase(this);
    const auto sid = context_.server.attach_websocket(ticket, request, opened, context_.time.now());
    tell_answer(sid, 101); // before a frame of the client's is read
    opened->start(std::move(input_));
}

void http_connection::await_verdict(const base::sid& opens) {
    constexpr int not_yet = 100;
    if (answered_)
        answered_(opens, not_yet);
}

void http_connection::let_in(
    const eio::http_request& handshake, const eio::websocket_ticket& ticket, base::time_point) {
    if (state_ != state::answering)
        return; // the peer has gone
    watcher_ = nullptr;
    run([&] { attach_websocket(handshake, ticket); });
}

void http_connection::tell_answer(std::optional<base::sid> eio_sid, int status) {
    if (const auto answered = std::exchange(answered_, nullptr))
        answered(eio_sid, status);
}

void http_connection::refuse(int status) {
    keep_alive_ = false;
    head_only_ = false;
    state_ = state::answering;
    respond(plain_response(status));
}

// Writing.

void http_connection::respond(eio::http_response&& response) {
    if (state_ != state::answering)
        return; // the peer has gone
    watcher_ = nullptr;
    state_ = state::writing;
    run([&] {
        tell_answer(std::nullopt, response.status);
        std::ranges::copy(context_.server.options().headers, std::back_inserter(response.headers));
        encode_content(response);
        keep_alive_ = keep_alive_ && !door_->closing;
        output_.append_copy(response_head(response, keep_alive_));
        if (!head_only_)
            output_.append_copy(response.body);
        write();
    });
}

void http_connection::write() {
    if (socket_->send(output_))
        return finish();
    if (output_.empty())
        return on_written();
    set_deadline(context_.limits.body_time);
    socket_->await_writable(shared_from_this());
}

void http_connection::on_writable() noexcept {
    run([&] { write(); });
}

void http_connection::on_written() {
    if (!keep_alive_)
        return linger();
    state_ = state::reading;
    parser_ = new_parser();
    timed_ = http_parser::phase::idle;
    continue_sent_ = false;
    at_home_ = false;
    set_deadline(context_.limits.idle_time);
    if (input_.empty() || processing_)
        return continue_reading();
    // Not from here: whoever responds may be in the middle of its own work.
    asio::post(context_.loop, [self = shared_from_this()] {
        self->run([&] {
            self->process();
            self->continue_reading();
        });
    });
}

// Closing at once would reset the connection if the peer is still sending, and might cost it the
// response.
void http_connection::linger() {
    socket_->end_sending();
    state_ = state::lingering;
    input_ = {};
    set_deadline(context_.limits.close_time);
    continue_reading();
}

// Closing.

void http_connection::set_deadline(base::time_point::duration from_now) {
    context_.deadlines.set(*this, base::clock::now() + from_now);
}

void http_connection::on_deadline(base::time_point) {
    const auto self = shared_from_this();
    if (state_ == state::reading && timed_ != http_parser::phase::idle)
        run([&] { refuse(408); });
    else
        finish();
}

void http_connection::close_when_done() {
    const auto self = shared_from_this();
    if (state_ == state::reading && parser_.at() == http_parser::phase::idle && input_.empty())
        run([&] { linger(); }); // its next request may be on its way: no reset
}

void http_connection::finish() noexcept {
    if (std::exchange(state_, state::closed) == state::closed)
        return;
    place_.end();
    context_.deadlines.clear(*this);
    context_.http_connections.erase(this);
    watcher_ = nullptr;
    const auto waited = socket_ ? socket_->close() : nullptr; // perhaps the last to keep this one
    try {
        tell_answer(std::nullopt, 0); // unless it has been told
    } catch (const std::exception&) {
        // Out of memory while saying so. The connection is closed all the same.
    }
}

} // namespace net
