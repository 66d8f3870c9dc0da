// A shard in small: a loop, the real Engine.IO server above it, and clients that are bare sockets.
// All on the test's thread: the loop runs while a client waits for something.
#pragma once

#include "base/shared_count.hpp"
#include "base/sid.hpp"
#include "eio/server.hpp"
#include "eio/session.hpp"
#include "loopback.hpp"
#include "net/context.hpp"
#include "net/origin_judge.hpp"
#include "net/socket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <cerrno>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace fake {

using namespace std::chrono_literals;

struct echo final : eio::handler {
    void on_open(eio::session& opened, base::time_point) override { last = &opened; }
    void
    on_message(eio::session& from, std::string_view data, bool binary, base::time_point) override {
        if (data == "throw")
            throw std::runtime_error("a fault of the layer above");
        from.send({eio::packet_type::message, binary, base::bytes(data)});
    }
    void on_close(eio::session&, eio::close_reason reason, base::time_point) override {
        closed.push_back(reason);
        last = nullptr;
    }
    bool decides() const noexcept override { return asks; }
    void on_applicant(const base::sid& sid, eio::transport_kind) override { applicant = sid; }
    eio::session* last = nullptr;
    std::vector<eio::close_reason> closed;
    bool asks = false; // before a session is opened
    std::optional<base::sid> applicant;
};

struct log_lines final : base::log_sink {
    void log(base::log_channel, base::log_level, std::string text) override {
        lines.push_back(std::move(text));
    }
    std::vector<std::string> lines;
};

struct shard {
    explicit shard(
        eio::config options = {}, net::limits limits = {}, net::origin_judge* judge = nullptr)
        : server(
              options,
              app,
              sids,
              log,
              {.schedule_flush =
                   [this] {
                       boost::asio::post(loop, [this] { server.flush(base::clock::now()); });
                   },
               .ask_relay = [] {}}),
          context(
              loop,
              server,
              buffer,
              log,
              limits,
              nullptr,
              base::make_shared_count(),
              base::real_time,
              judge) {}
    ~shard() {
        server.close_all(eio::close_reason::server_shutdown, base::clock::now());
        while (server.unfinished())
            server.flush(base::clock::now());
    }

    // Runs the loop until `done`, for at most five seconds.
    template <class Done>
    bool run_until(Done done) {
        const auto give_up = base::clock::now() + 5s;
        while (!done()) {
            if (base::clock::now() > give_up)
                return false;
            loop.restart();
            loop.run_one_for(1ms);
        }
        return true;
    }
    // As if the time had passed.
    void pass(base::milliseconds time) {
        context.deadlines.sweep(base::clock::now() + time);
        loop.restart();
        loop.poll();
    }

    std::unique_ptr<net::socket> socket_of(int number) {
        return std::make_unique<net::socket>(context.poller, net::descriptor(number));
    }
    base::counted counted() const { return base::counted(context.connections); }

    echo app;
    log_lines log;
    base::sid_source sids;
    eio::server server;
    net::read_buffer buffer;
    boost::asio::io_context loop{1};
    net::context context;
};

// Two connected TCP sockets: unlike a socketpair they know resets.
inline std::pair<int, int> tcp_pair() {
    const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    BOOST_REQUIRE(::bind(listening, generic, size) == 0);
    BOOST_REQUIRE(::listen(listening, 1) == 0);
    BOOST_REQUIRE(::getsockname(listening, generic, &size) == 0);
    const int one = ::socket(AF_INET, SOCK_STREAM, 0);
    BOOST_REQUIRE(::connect(one, generic, size) == 0);
    const int other = ::accept(listening, nullptr, nullptr);
    BOOST_REQUIRE(other >= 0);
    ::close(listening);
    return {one, other};
}

// The peer's side of a connection.
class client {
public:
    client(shard& at, int descriptor) : shard_(at), descriptor_(descriptor) {}
    client(shard& at, std::uint16_t port) : client(at, connected_to(port)) {}
    ~client() { close(); }
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent =
                ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0)
                bytes.remove_prefix(static_cast<std::size_t>(sent));
            else if (errno != EAGAIN) {
                was_reset = true; // what the server has said may still be read
                return;
            } else
                BOOST_REQUIRE(shard_.run_until(
                    [&, once = false]() mutable { return std::exchange(once, true); }));
        }
    }
    void half_close() { ::shutdown(descriptor_, SHUT_WR); }
    void close() {
        if (descriptor_ >= 0)
            ::close(std::exchange(descriptor_, -1));
    }
    void reset() {
        const linger hard{1, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        close();
    }

    // Takes what has arrived.
    bool receive_some() {
        char bytes[65536];
        const auto size = ::recv(descriptor_, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (size > 0)
            received.append(bytes, static_cast<std::size_t>(size));
        if (size == 0)
            ended = true;
        if (size < 0 && errno != EAGAIN)
            ended = was_reset = true;
        return size > 0;
    }
    // Takes exactly `size` bytes.
    std::string receive(std::size_t size) {
        BOOST_TEST(shard_.run_until([&] {
            receive_some();
            return received.size() >= size || ended;
        }));
        BOOST_REQUIRE(received.size() >= size);
        auto taken = received.substr(0, size);
        received.erase(0, size);
        return taken;
    }
    // Takes all up to and with `mark`.
    std::string receive_through(std::string_view mark) {
        BOOST_TEST(shard_.run_until([&] {
            receive_some();
            return received.find(mark) != received.npos || ended;
        }));
        const auto at = received.find(mark);
        BOOST_REQUIRE(at != received.npos);
        return receive(at + mark.size());
    }
    // Takes all until the server closes.
    std::string receive_all() {
        BOOST_TEST(shard_.run_until([&] {
            receive_some();
            return ended;
        }));
        return std::exchange(received, {});
    }

    std::string received;
    bool ended = false;
    bool was_reset = false;

private:
    shard& shard_;
    int descriptor_;
};

} // namespace fake
