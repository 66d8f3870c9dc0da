#include "net/frames.hpp"
#include "net/http_connection.hpp"
#include "net/listener.hpp"
#include "net/world.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <sys/resource.h>

using namespace fake;

namespace {

struct response {
    std::string head;
    std::string body;
    bool has(std::string_view line) const {
        return head.find("\r\n" + std::string(line) + "\r\n") != head.npos;
    }
    int status() const { return std::stoi(head.substr(9, 3)); }
};

response read_response(client& from, bool bodiless = false) {
    response read{from.receive_through("\r\n\r\n"), {}};
    BOOST_TEST(read.head.starts_with("HTTP/1.1 "));
    const auto at = read.head.find("Content-Length: ");
    if (at != read.head.npos && !bodiless)
        read.body = from.receive(std::stoul(read.head.substr(at + 16)));
    return read;
}

std::string get(const std::string& target, const std::string& headers = {}) {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

const std::string opening = get("/socket.io/?EIO=4&transport=polling");

std::string poll(const std::string& sid, const std::string& headers = {}) {
    return get("/socket.io/?EIO=4&transport=polling&sid=" + sid, headers);
}

std::string post(const std::string& sid, const std::string& body) {
    return "POST /socket.io/?EIO=4&transport=polling&sid=" + sid +
           " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

std::string upgrade(const std::string& query, const std::string& version = "13") {
    return get(
        "/socket.io/?" + query,
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: " + version +
            "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
}

// The peer is still sending when it is answered.
constexpr std::size_t more_than_buffers = 20'000'000;

struct fixture {
    fixture() : fixture(eio::config{}) {}
    explicit fixture(const eio::config& options) : shard(options, {.close_time = 1h}) {
        door.emplace(shard.context, "127.0.0.1", 0, "/socket.io/");
    }
    client connect() { return {shard, door->local_endpoint().second}; }
    std::string open_session(client& on) {
        on.send(opening);
        const auto read = read_response(on);
        BOOST_REQUIRE(read.status() == 200);
        return shard.app.last->sid().str();
    }

    fake::shard shard;
    std::optional<net::listener> door;
};

struct small : fixture {
    small()
        : fixture([] {
              eio::config options;
              options.max_payload_bytes = 1'000;
              return options;
          }()) {}
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(http_connection, fixture)

BOOST_AUTO_TEST_CASE(a_session_opens_talks_and_listens_over_one_connection) {
    auto peer = connect();
    peer.send(opening);
    const auto opened = read_response(peer);
    BOOST_TEST(opened.status() == 200);
    BOOST_TEST(opened.body.starts_with("0{\"sid\":\""));
    BOOST_TEST(opened.has("Connection: keep-alive"));
    const auto sid = shard.app.last->sid().str();
    peer.send(post(sid, "4hello"));
    BOOST_TEST(read_response(peer).body == "ok");
    peer.send(poll(sid));
    BOOST_TEST(read_response(peer).body == "4hello");
}

BOOST_AUTO_TEST_CASE(the_session_knows_where_its_request_came_from) {
    auto peer = connect();
    open_session(peer);
    const auto& request = shard.app.last->request();
    BOOST_TEST(request.remote_address == "127.0.0.1");
    BOOST_TEST(request.remote_port != 0);
    BOOST_TEST(request.local_address == "127.0.0.1");
    BOOST_TEST(request.local_port == door->local_endpoint().second);
}

BOOST_AUTO_TEST_CASE(a_parked_poll_is_answered_when_there_is_something) {
    auto peer = connect();
    const auto sid = open_session(peer);
    peer.send(poll(sid));
    shard.run_until([&] { return peer.receive_some() || shard.loop.poll() == 0; });
    shard.app.last->send({eio::packet_type::message, false, base::bytes("late")});
    BOOST_TEST(read_response(peer).body == "4late");
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
    auto peer = connect();
    const auto sid = open_session(peer);
    std::string requests;
    for (int i = 0; i < 50; ++i)
        requests += post(sid, "4" + std::to_string(i));
    peer.send(requests + get("/elsewhere") + poll(sid) + get("/elsewhere"));
    for (int i = 0; i < 50; ++i)
        BOOST_TEST(read_response(peer).body == "ok");
    BOOST_TEST(read_response(peer).status() == 404);
    const auto polled = read_response(peer).body;
    BOOST_TEST(polled.starts_with(
        "40\x1e"
        "41\x1e"
        "42\x1e"));
    BOOST_TEST(polled.ends_with(
        "\x1e"
        "449"));
    BOOST_TEST(read_response(peer).status() == 404);
}

BOOST_AUTO_TEST_CASE(a_request_may_come_byte_by_byte) {
    auto peer = connect();
    const auto sid = open_session(peer);
    for (const char c : post(sid, "4x")) {
        peer.send({&c, 1});
        shard.loop.restart();
        shard.loop.poll();
    }
    BOOST_TEST(read_response(peer).body == "ok");
}

BOOST_AUTO_TEST_CASE(a_peer_that_leaves_its_parked_poll_ends_the_session) {
    for (const bool hard : {false, true}) {
        auto peer = connect();
        const auto sid = open_session(peer);
        peer.send(poll(sid));
        shard.loop.restart();
        while (shard.loop.run_one_for(50ms)) {
        } // parked: nothing more to do
        shard.app.closed.clear();
        hard ? peer.reset() : peer.close();
        BOOST_TEST(shard.run_until([&] { return !shard.app.closed.empty(); }));
        BOOST_TEST(shard.server.find(sid) == nullptr);
    }
}

BOOST_AUTO_TEST_CASE(a_path_elsewhere_is_not_found) {
    auto peer = connect();
    for (const char* target :
         {"/", "/socket.io/x", "/socket.iox/?EIO=4&transport=polling", "*", "/%", "/socket.io%2"}) {
        peer.send(get(target));
        const auto read = read_response(peer);
        BOOST_TEST(read.status() == 404);
        BOOST_TEST(read.body == "Not Found");
        BOOST_TEST(read.has("Content-Type: text/plain"));
    }
}

BOOST_AUTO_TEST_CASE(a_path_is_compared_decoded_and_without_its_last_slash) {
    BOOST_TEST(net::same_path("/socket.io/", "/socket.io/"));
    BOOST_TEST(net::same_path("/socket.io", "/socket.io/"));
    BOOST_TEST(net::same_path("/socket.io/", "/socket.io"));
    BOOST_TEST(net::same_path("/socket%2Eio/", "/socket.io"));
    BOOST_TEST(net::same_path("/", ""));
    BOOST_TEST(!net::same_path("/socket.io//", "/socket.io/"));
    BOOST_TEST(!net::same_path("/Socket.io/", "/socket.io/"));
    BOOST_TEST(!net::same_path("/socket.io%", "/socket.io/"));
}

BOOST_AUTO_TEST_CASE(head_gets_the_head_only) {
    auto peer = connect();
    peer.send("HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" + get("/nowhere"));
    const auto read = read_response(peer, true);
    BOOST_TEST(read.has("Content-Length: 9"));
    BOOST_TEST(read_response(peer).body == "Not Found");
}

BOOST_AUTO_TEST_CASE(the_connection_closes_when_the_peer_asks_for_it) {
    auto peer = connect();
    peer.send(get("/nowhere", "Connection: close\r\n") + get("/nowhere"));
    const auto all = peer.receive_all();
    BOOST_TEST(all.find("\r\nConnection: close\r\n") != all.npos);
    BOOST_TEST(all.find("HTTP/1.1", 1) == all.npos); // one response
}

BOOST_AUTO_TEST_CASE(http_1_0_is_served_and_closed) {
    auto peer = connect();
    peer.send("GET /socket.io/?EIO=4&transport=polling HTTP/1.0\r\n\r\n");
    const auto all = peer.receive_all();
    BOOST_TEST(all.starts_with("HTTP/1.1 200 OK\r\n"));
    BOOST_TEST(all.find("0{\"sid\"") != all.npos);
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_answered_and_closed) {
    auto peer = connect();
    peer.send("what is this\r\n\r\n");
    const auto all = peer.receive_all();
    BOOST_TEST(all.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    BOOST_TEST(!peer.was_reset);
}

BOOST_AUTO_TEST_CASE(a_head_without_an_end_gets_a_431_and_no_reset) {
    auto peer = connect();
    peer.send("GET / HTTP/1.1\r\nX: " + std::string(more_than_buffers, 'x'));
    BOOST_TEST(peer.receive_all().starts_with("HTTP/1.1 431 "));
    BOOST_TEST(!peer.was_reset);
}

BOOST_FIXTURE_TEST_CASE(a_body_above_the_limit_gets_a_413_while_it_is_still_coming, small) {
    auto peer = connect();
    const auto sid = open_session(peer);
    peer.send(post(sid, std::string(more_than_buffers, 'x')));
    const auto all = peer.receive_all();
    BOOST_TEST(all.starts_with("HTTP/1.1 413 "));
    BOOST_TEST(all.find("\r\nConnection: close\r\n") != all.npos);
    BOOST_TEST(!peer.was_reset);
}

BOOST_AUTO_TEST_CASE(a_peer_that_expects_a_100_gets_it) {
    auto peer = connect();
    const auto sid = open_session(peer);
    auto request = post(sid, "4x");
    request.insert(request.find("\r\n\r\n"), "\r\nExpect: 100-continue");
    peer.send(request.substr(0, request.size() - 2));
    BOOST_TEST(peer.receive_through("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("4x");
    BOOST_TEST(read_response(peer).body == "ok");
}

BOOST_AUTO_TEST_CASE(a_long_response_is_compressed_if_the_peer_takes_it) {
    auto peer = connect();
    const auto sid = open_session(peer);
    peer.send(post(sid, "4" + std::string(5'000, 'a')));
    read_response(peer);
    peer.send(poll(sid, "Accept-Encoding: gzip, deflate\r\n"));
    const auto read = read_response(peer);
    BOOST_TEST(read.has("Content-Encoding: gzip"));
    BOOST_TEST(read.body.size() < 200u);
}

// Time.

BOOST_AUTO_TEST_CASE(a_peer_that_says_nothing_is_dropped) {
    auto peer = connect();
    shard.run_until([&] { return !shard.context.deadlines.empty(); });
    shard.pass(9'900ms);
    BOOST_TEST(!shard.context.deadlines.empty());
    shard.pass(10'100ms);
    BOOST_TEST(peer.receive_all() == "");
}

BOOST_AUTO_TEST_CASE(a_head_that_takes_too_long_gets_a_408) {
    auto peer = connect();
    open_session(peer);
    peer.send("GET / HT");
    shard.run_until([&] { return shard.loop.poll() == 0; });
    shard.pass(10'100ms);
    BOOST_TEST(peer.receive_all().starts_with("HTTP/1.1 408 "));
}

BOOST_AUTO_TEST_CASE(a_body_that_takes_too_long_gets_a_408) {
    auto peer = connect();
    const auto sid = open_session(peer);
    peer.send(post(sid, "4hello").substr(0, post(sid, "4hello").size() - 1));
    shard.loop.restart();
    while (shard.loop.run_one_for(50ms)) {
    }
    shard.pass(19'000ms);
    BOOST_TEST(!peer.receive_some());
    shard.pass(20'100ms);
    BOOST_TEST(peer.receive_all().starts_with("HTTP/1.1 408 "));
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_and_a_parked_one_is_not) {
    auto idle = connect();
    auto parked = connect();
    const auto sid = open_session(idle);
    parked.send(poll(sid));
    shard.loop.restart();
    while (shard.loop.run_one_for(50ms)) {
    }
    shard.pass(59'000ms);
    BOOST_TEST(!idle.ended);
    shard.pass(61'000ms);
    BOOST_TEST(idle.receive_all() == "");
    BOOST_REQUIRE(shard.app.last);
    shard.app.last->send({eio::packet_type::message, false, base::bytes("still here")});
    BOOST_TEST(read_response(parked).body == "4still here");
}

// WebSockets.

BOOST_AUTO_TEST_CASE(a_websocket_opens_a_session_and_talks) {
    auto peer = connect();
    peer.send(upgrade("EIO=4&transport=websocket") + frame(fin | text_frame, "4early"));
    const auto head = peer.receive_through("\r\n\r\n");
    BOOST_TEST(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    BOOST_TEST(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != head.npos);
    peer.receive_through("0{\"sid\"");
    peer.receive_through("4early");
    peer.send(frame(fin | text_frame, "4hello") + frame(fin | binary_frame, "bin"));
    peer.receive_through(
        "\x81\x06"
        "4hello");
    peer.receive_through(
        "\x82\x03"
        "bin");
    peer.send(close_with(1000));
    BOOST_TEST(peer.receive_all() == "\x88\x02\x03\xe8");
    BOOST_TEST((shard.app.closed == std::vector{eio::close_reason::transport_close}));
}

BOOST_AUTO_TEST_CASE(a_polling_session_upgrades) {
    auto polls = connect();
    const auto sid = open_session(polls);
    auto ws = connect();
    ws.send(upgrade("EIO=4&transport=websocket&sid=" + sid));
    ws.receive_through("\r\n\r\n");
    ws.send(frame(fin | text_frame, "2probe"));
    ws.receive_through("3probe");
    polls.send(poll(sid));
    BOOST_TEST(read_response(polls).body == "6");
    ws.send(frame(fin | text_frame, "5") + frame(fin | text_frame, "4over websocket"));
    ws.receive_through("4over websocket");
}

BOOST_AUTO_TEST_CASE(a_refused_handshake_leaves_an_http_connection) {
    auto peer = connect();
    peer.send(upgrade("EIO=4&transport=websocket", "8"));
    const auto wrong_version = read_response(peer);
    BOOST_TEST(wrong_version.status() == 426);
    BOOST_TEST(wrong_version.has("Sec-WebSocket-Version: 13"));
    peer.send(upgrade("EIO=4&transport=websocket&sid=unknown"));
    BOOST_TEST(read_response(peer).status() == 400);
    peer.send(get("/socket.io/?EIO=4&transport=websocket")); // asks for it, but does not say how
    BOOST_TEST(read_response(peer).status() == 400);
    peer.send(opening);
    BOOST_TEST(read_response(peer).status() == 200);
}

BOOST_AUTO_TEST_CASE(a_websocket_that_breaks_the_protocol_ends_its_session) {
    auto peer = connect();
    peer.send(upgrade("EIO=4&transport=websocket"));
    peer.receive_through("0{\"sid\"");
    peer.send(
        "\x83\x80"
        "abcd");
    BOOST_TEST(peer.receive_all().ends_with("\x88\x02\x03\xea"));
    BOOST_TEST((shard.app.closed == std::vector{eio::close_reason::transport_error}));
}

BOOST_FIXTURE_TEST_CASE(a_message_above_the_limit_closes_with_1009, small) {
    auto peer = connect();
    peer.send(upgrade("EIO=4&transport=websocket"));
    peer.receive_through("0{\"sid\"");
    peer.send(frame(fin | text_frame, "4" + std::string(1'000, 'x')));
    BOOST_TEST(peer.receive_all().ends_with("\x88\x02\x03\xf1"));
}

BOOST_AUTO_TEST_CASE(a_fault_above_closes_one_connection_and_is_logged) {
    auto other = connect();
    const auto sid = open_session(other);
    auto peer = connect();
    peer.send(upgrade("EIO=4&transport=websocket"));
    peer.receive_through("0{\"sid\"");
    peer.send(frame(fin | text_frame, "4throw"));
    peer.receive_all();
    BOOST_TEST(shard.log.lines.size() == 1u);
    other.send(post(sid, "4x"));
    BOOST_TEST(read_response(other).body == "ok");
}

// The listener and the hand-off.

BOOST_AUTO_TEST_CASE(stopping_closes_idle_connections_and_lets_the_others_finish) {
    auto idle = connect();
    auto parked = connect();
    auto ws = connect();
    const auto sid = open_session(idle);
    auto* session = shard.app.last;
    parked.send(poll(sid));
    ws.send(upgrade("EIO=4&transport=websocket"));
    ws.receive_through("0{\"sid\"");
    door->stop();
    BOOST_TEST(idle.receive_all() == "");
    session->send({eio::packet_type::message, false, base::bytes("last")});
    const auto all = parked.receive_all();
    BOOST_TEST(all.ends_with("4last"));
    BOOST_TEST(all.find("\r\nConnection: close\r\n") != all.npos);
    ws.send(frame(fin | text_frame, "4open"));
    ws.receive_through("4open");
}

BOOST_AUTO_TEST_CASE(a_host_that_is_none_is_an_error_at_the_start) {
    BOOST_CHECK_THROW(net::listener(shard.context, "256.0.0.1", 0, "/"), std::system_error);
    BOOST_CHECK_THROW(
        net::listener(shard.context, "127.0.0.1", door->local_endpoint().second, "/"),
        std::system_error);
}

BOOST_AUTO_TEST_CASE(a_listener_without_descriptors_tries_again) {
    auto peer = connect();
    open_session(peer);
    // Room for the client's own descriptor and for none to accept it with.
    const int next = ::dup(0);
    ::close(next);
    rlimit before{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(next) + 1;
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    std::optional<client> late;
    late.emplace(shard, door->local_endpoint().second);
    shard.run_until([&] { return shard.loop.poll() == 0; });
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    late->send(get("/nowhere"));
    BOOST_TEST(read_response(*late).status() == 404);
}

BOOST_AUTO_TEST_CASE(a_connection_above_the_limit_is_answered_503_and_frees_its_place) {
    net::limits limits;
    limits.max_connections = 1;
    fake::shard small({}, limits);
    net::listener only(small.context, "127.0.0.1", 0, "/socket.io");
    const auto port = only.local_endpoint().second;
    {
        client first(small, port);
        first.send("GET /socket.io/ HTTP/1.1\r\n"); // no session yet, and counted
        BOOST_REQUIRE(small.run_until([&] { return *small.context.connections == 1; }));
        client second(small, port);
        BOOST_TEST(second.receive_all().starts_with("HTTP/1.1 503 "));
    }
    BOOST_REQUIRE(small.run_until([&] { return *small.context.connections == 0; }));
    client third(small, port);
    third.send(get("/nowhere"));
    BOOST_TEST(read_response(third).status() == 404);
}

BOOST_AUTO_TEST_SUITE_END()
