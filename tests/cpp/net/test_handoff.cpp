#include "net/frames.hpp"
#include "net/handoff.hpp"
#include "net/world.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <optional>
#include <utility>
#include <vector>

using namespace fake;

namespace {

eio::http_request handshake(const std::string& query = "EIO=4&transport=websocket") {
    eio::http_request request;
    request.method = "GET";
    request.path = "/ws/socket.io/";
    request.query = query;
    request.headers = {
        {"Host", "a"},
        {"Upgrade", "websocket"},
        {"Connection", "Upgrade"},
        {"Sec-WebSocket-Version", "13"},
        {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
    return request;
}

struct answers {
    std::vector<std::pair<std::string, int>> told;
    net::handshake_answered note() {
        return [this](std::optional<base::sid> sid, int status) {
            told.emplace_back(sid ? sid->str() : "", status);
        };
    }
};

struct fixture {
    explicit fixture(net::limits limits = {}) : shard({}, limits) {
        const auto [ours, theirs] = tcp_pair();
        adopted = ours;
        peer.emplace(shard, theirs);
    }
    void adopt(eio::http_request&& request) {
        net::adopt(shard.context, net::descriptor(adopted), std::move(request), answered.note());
    }

    fake::shard shard;
    answers answered;
    int adopted = -1;
    std::optional<client> peer;
};

bool is_open(int descriptor) {
    return ::fcntl(descriptor, F_GETFD) != -1;
}

} // namespace

BOOST_AUTO_TEST_SUITE(handoff)

BOOST_FIXTURE_TEST_CASE(a_handshake_that_another_server_has_read_becomes_a_websocket, fixture) {
    adopt(handshake());
    BOOST_TEST(peer->receive_through("\r\n\r\n").starts_with("HTTP/1.1 101 "));
    BOOST_REQUIRE(shard.app.last);
    BOOST_TEST((shard.app.last->came_by() == eio::door::handoff));
    BOOST_REQUIRE(answered.told.size() == 1U);
    BOOST_TEST(answered.told[0].first == shard.app.last->sid().str());
    BOOST_TEST(answered.told[0].second == 101);
    peer->send(frame(fin | text_frame, "4hello"));
    peer->receive_through("4hello");
    BOOST_TEST(*shard.context.connections == 1U);
    peer->close();
    BOOST_REQUIRE(shard.run_until([&] { return *shard.context.connections == 0; }));
}

BOOST_AUTO_TEST_CASE(a_unix_socket_is_adopted_as_well) {
    fake::shard shard;
    int ends[2];
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    client peer(shard, ends[1]);
    net::adopt(shard.context, net::descriptor(ends[0]), handshake());
    BOOST_TEST(peer.receive_through("\r\n\r\n").starts_with("HTTP/1.1 101 "));
}

BOOST_FIXTURE_TEST_CASE(the_addresses_that_the_other_server_knows_are_kept, fixture) {
    auto request = handshake();
    request.remote_address = "192.0.2.7"; // as a proxy in front has named it
    request.remote_port = 77;
    adopt(std::move(request));
    BOOST_REQUIRE(shard.app.last);
    BOOST_TEST(shard.app.last->request().remote_address == "192.0.2.7");
    BOOST_TEST(shard.app.last->request().remote_port == 77);
}

BOOST_FIXTURE_TEST_CASE(a_handshake_that_may_not_be_served_is_refused_and_closed, fixture) {
    auto request = handshake();
    request.headers.push_back({"Origin", "http://elsewhere"});
    adopt(std::move(request));
    BOOST_TEST(peer->receive_all().starts_with("HTTP/1.1 403 "));
    BOOST_TEST((answered.told == std::vector<std::pair<std::string, int>>{{"", 403}}));
    peer->close();
    BOOST_TEST(shard.run_until([&] { return !is_open(adopted); }));
}

BOOST_FIXTURE_TEST_CASE(the_verdict_of_the_application_on_the_origin_counts, fixture) {
    auto request = handshake();
    request.headers.push_back({"Origin", "http://elsewhere"});
    request.origin_allowed = true;
    adopt(std::move(request));
    BOOST_TEST(peer->receive_through("\r\n\r\n").starts_with("HTTP/1.1 101 "));
}

BOOST_FIXTURE_TEST_CASE(a_request_without_a_key_is_no_handshake, fixture) {
    auto request = handshake();
    request.headers.pop_back();
    adopt(std::move(request));
    BOOST_TEST(peer->receive_all().starts_with("HTTP/1.1 400 "));
}

BOOST_AUTO_TEST_CASE(a_handshake_above_the_limit_of_connections_is_refused) {
    net::limits limits;
    limits.max_connections = 1;
    fixture f(limits);
    f.adopt(handshake());
    f.peer->receive_through("\r\n\r\n");
    const auto [ours, theirs] = tcp_pair();
    client late(f.shard, theirs);
    net::adopt(f.shard.context, net::descriptor(ours), handshake(), f.answered.note());
    BOOST_TEST(late.receive_all().starts_with("HTTP/1.1 503 "));
    BOOST_TEST(f.answered.told.back().second == 503);
}

BOOST_FIXTURE_TEST_CASE(a_connection_that_moves_is_counted_once_all_the_way, fixture) {
    // Two shards on this thread, of which the first has the session of no request.
    struct neighbours final : net::siblings {
        explicit neighbours(net::context& there_) : there(there_) {}
        std::optional<unsigned> elsewhere(const eio::http_request&) override { return 1; }
        void move(unsigned, net::moving_connection&& leaving) override {
            on_the_way = *there.connections;
            if (closed)
                return;
            net::arrive(there, std::move(leaving)); // before we have heard that it has left
            arrived = *there.connections;
        }
        net::context& there;
        bool closed = false;
        std::size_t on_the_way = 0;
        std::size_t arrived = 0;
    } others(shard.context);
    auto& count = *shard.context.connections;
    using endpoint = boost::asio::ip::tcp::endpoint;
    net::context first(
        shard.loop, shard.server, shard.buffer, shard.log, {}, &others, shard.context.connections);
    const auto accept = [&](int number) {
        std::make_shared<net::http_connection>(
            first,
            std::make_shared<net::http_door>("/socket.io/"),
            std::make_unique<net::socket>(first.poller, net::descriptor(number)),
            shard.counted())
            ->start(endpoint(), endpoint());
    };
    const std::string request =
        "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n";

    accept(adopted);
    peer->send(request);
    BOOST_TEST(peer->receive_through("\r\n\r\n").starts_with("HTTP/1.1 200"));
    BOOST_TEST(others.on_the_way == 1U);
    BOOST_TEST(others.arrived == 1U);
    BOOST_TEST(count == 1U);
    peer->close();
    BOOST_TEST(shard.run_until([&] { return count == 0; }));

    others.closed = true;
    const auto [ours, theirs] = tcp_pair();
    client late(shard, theirs);
    accept(ours);
    late.send(request);
    BOOST_TEST(late.receive_all().empty());
    BOOST_TEST(count == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_no_socket_is_closed_and_the_reason_logged) {
    fake::shard shard;
    answers answered;
    const auto file = ::open("/dev/null", O_RDONLY);
    net::adopt(shard.context, net::descriptor(file), handshake(), answered.note());
    BOOST_TEST(!is_open(file));
    BOOST_TEST((answered.told == std::vector<std::pair<std::string, int>>{{"", 0}}));
    BOOST_REQUIRE(shard.log.lines.size() == 1U);
    BOOST_TEST(shard.log.lines[0].starts_with("closing a connection that was handed over: "));
}

BOOST_AUTO_TEST_CASE(a_descriptor_that_nobody_takes_is_closed) {
    int ends[2];
    BOOST_REQUIRE(::pipe(ends) == 0);
    {
        const net::descriptor forgotten(ends[0]);
    }
    BOOST_TEST(!is_open(ends[0]));
    ::close(ends[1]);
}

BOOST_AUTO_TEST_SUITE_END()
