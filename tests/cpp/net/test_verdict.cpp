// Handshakes that the application decides about: each door waits for it, and watches its peer.
#include "net/asgi_connection.hpp"
#include "net/frames.hpp"
#include "net/handoff.hpp"
#include "net/listener.hpp"
#include "net/world.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <utility>
#include <variant>
#include <vector>

using namespace fake;

namespace {

struct fixture {
    fixture() { shard.app.asks = true; }

    std::unique_ptr<client> adopted() {
        const auto [ours, theirs] = tcp_pair();
        eio::http_request handshake;
        handshake.method = "GET";
        handshake.path = "/engine.io/";
        handshake.query = "EIO=4&transport=websocket";
        handshake.headers = {
            {"Upgrade", "websocket"},
            {"Connection", "Upgrade"},
            {"Sec-WebSocket-Version", "13"},
            {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
        net::adopt(
            shard.context,
            net::descriptor(ours),
            std::move(handshake),
            [this](std::optional<base::sid> sid, int status) {
                answers.emplace_back(sid ? sid->str() : "", status);
            });
        return std::make_unique<client>(shard, theirs);
    }
    std::string applicant() {
        BOOST_REQUIRE(shard.run_until([&] { return shard.app.applicant.has_value(); }));
        return std::exchange(shard.app.applicant, std::nullopt)->str();
    }
    void admit(const std::string& sid) { shard.server.admit(sid, {}, base::clock::now()); }

    fake::shard shard;
    std::vector<std::pair<std::string, int>> answers;
};

// With a port.
struct listening : fixture {
    listening()
        : listener(std::make_shared<net::listener>(shard.context, "127.0.0.1", 0, "/engine.io/")) {}
    ~listening() { listener->stop(); }

    std::unique_ptr<client> connect() {
        return std::make_unique<client>(shard, listener->local_endpoint().second);
    }
    static std::string websocket() {
        return "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n"
               "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    }
    static std::string poll() {
        return "GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n";
    }

    std::shared_ptr<net::listener> listener;
};

} // namespace

BOOST_AUTO_TEST_SUITE(verdict)

BOOST_FIXTURE_TEST_CASE(a_websocket_is_accepted_when_it_is_let_in, listening) {
    const auto peer = connect();
    // What comes too early waits as well.
    peer->send(websocket() + frame(fin | text_frame, "4hello"));
    const auto sid = applicant();
    BOOST_TEST(!peer->receive_some());
    admit(sid);
    BOOST_TEST(peer->receive_through("\r\n\r\n").starts_with("HTTP/1.1 101 "));
    peer->receive_through(sid);
    peer->receive_through("4hello");
    peer->send(frame(fin | text_frame, "4again"));
    peer->receive_through("4again");
    BOOST_TEST(*shard.context.connections == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_poll_is_answered_when_it_is_let_in, listening) {
    const auto peer = connect();
    peer->send(poll());
    const auto sid = applicant();
    BOOST_TEST(!peer->receive_some());
    admit(sid);
    BOOST_TEST(peer->receive_through("}").starts_with("HTTP/1.1 200 "));
}

BOOST_FIXTURE_TEST_CASE(who_is_refused_may_ask_again_on_the_same_connection, listening) {
    const auto peer = connect();
    for (const auto& request : {websocket(), poll()}) {
        peer->send(request);
        shard.server.refuse(applicant(), 401, "\"no\"");
        const auto head = peer->receive_through("\r\n\r\n");
        BOOST_TEST(head.starts_with("HTTP/1.1 401 "));
        BOOST_TEST(peer->receive(4) == "\"no\"");
    }
}

BOOST_FIXTURE_TEST_CASE(who_goes_away_waits_no_more, listening) {
    for (const auto& request : {websocket(), poll()}) {
        auto peer = connect();
        peer->send(request);
        const auto sid = applicant();
        peer->close();
        BOOST_REQUIRE(shard.run_until([&] { return *shard.context.connections == 0; }));
        BOOST_TEST(!shard.server.request_of(sid));
        admit(sid);
        BOOST_TEST(shard.server.session_count() == 0U);
    }
}

BOOST_FIXTURE_TEST_CASE(a_handshake_that_was_handed_over_waits_too, fixture) {
    const auto peer = adopted();
    const auto sid = applicant();
    BOOST_TEST((answers == std::vector<std::pair<std::string, int>>{{sid, 100}}));
    admit(sid);
    BOOST_TEST(peer->receive_through("\r\n\r\n").starts_with("HTTP/1.1 101 "));
    BOOST_TEST(answers.back().second == 101);
    BOOST_TEST(answers.back().first == sid);
    peer->send(frame(fin | text_frame, "4hello"));
    peer->receive_through("4hello");
}

BOOST_FIXTURE_TEST_CASE(a_handshake_that_was_handed_over_is_refused_and_closed, fixture) {
    const auto peer = adopted();
    shard.server.refuse(applicant(), 401, "\"no\"");
    BOOST_TEST(peer->receive_all().ends_with("\r\n\r\n\"no\""));
    BOOST_TEST(answers.back().second == 401);
}

BOOST_FIXTURE_TEST_CASE(who_was_handed_over_and_goes_away_waits_no_more, fixture) {
    auto peer = adopted();
    const auto sid = applicant();
    peer->close();
    BOOST_REQUIRE(shard.run_until([&] { return *shard.context.connections == 0; }));
    BOOST_TEST(!shard.server.request_of(sid));
    BOOST_TEST(answers.back().second == 0);
}

namespace {

struct bridged : fixture, private net::asgi_sink {
    ~bridged() override {
        // While there is a door for the transports to close.
        shard.server.close_all(eio::close_reason::server_shutdown, base::clock::now());
        while (shard.server.unfinished())
            shard.server.flush(base::clock::now());
    }
    void on_asgi(net::asgi_output&& output) override { told.push_back(std::move(output)); }
    static eio::http_request request(const std::string& transport) {
        eio::http_request made;
        made.method = "GET";
        made.query = "EIO=4&transport=" + transport;
        return made;
    }
    template <class Output>
    Output last() {
        BOOST_REQUIRE(!told.empty());
        BOOST_REQUIRE(std::holds_alternative<Output>(told.back()));
        return std::get<Output>(told.back());
    }

    std::vector<net::asgi_output> told;
    net::asgi_door door{shard.server, *this};
};

} // namespace

BOOST_FIXTURE_TEST_CASE(an_asgi_server_hears_of_the_session_before_the_verdict, bridged) {
    const auto now = base::clock::now();
    door.http_request(7, request("polling"), now);
    BOOST_TEST(last<net::asgi_opening>().id == 7U);
    const auto first = last<net::asgi_opening>().question.str();
    admit(first);
    shard.server.flush(now);
    BOOST_TEST(last<net::asgi_response>().response.opens->str() == first);

    door.ws_open(8, request("websocket"), now);
    const auto second = last<net::asgi_opening>().question.str();
    admit(second);
    BOOST_TEST(last<net::asgi_accept>().eio_sid.str() == second);
    shard.server.flush(now);
    BOOST_TEST(last<net::asgi_send>().connection == 8U);
}

BOOST_FIXTURE_TEST_CASE(an_asgi_server_is_told_the_refusal, bridged) {
    const auto now = base::clock::now();
    door.http_request(7, request("polling"), now);
    shard.server.refuse(applicant(), 401, "\"no\"");
    BOOST_TEST(last<net::asgi_response>().response.status == 401);
    door.ws_open(8, request("websocket"), now);
    shard.server.refuse(applicant(), 401, "\"no\"");
    BOOST_TEST(last<net::asgi_reject>().response.body == "\"no\"");
}

BOOST_FIXTURE_TEST_CASE(an_asgi_servers_clients_may_go_away_before_the_verdict, bridged) {
    const auto now = base::clock::now();
    for (const bool all_at_once : {false, true}) {
        door.http_request(7, request("polling"), now);
        const auto first = applicant();
        door.ws_open(8, request("websocket"), now);
        const auto second = applicant();
        if (all_at_once) {
            door.abort_all(now);
        } else {
            door.http_abort(7, now);
            door.ws_closed(8, true, now);
        }
        BOOST_TEST(!shard.server.request_of(first));
        BOOST_TEST(!shard.server.request_of(second));
    }
}

BOOST_AUTO_TEST_SUITE_END()
