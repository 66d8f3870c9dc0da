// The ASGI door when something behind it, or in front of it, fails.
#include "net/asgi_connection.hpp"
#include "net/world.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

using namespace fake;

namespace {

struct application final : net::asgi_sink {
    void on_asgi(net::asgi_output&& output) override {
        if (std::exchange(fails, false))
            throw std::runtime_error("no memory to tell it");
        told.push_back(std::move(output));
    }
    template <class Output>
    Output last() {
        BOOST_REQUIRE(!told.empty());
        BOOST_REQUIRE(std::holds_alternative<Output>(told.back()));
        return std::get<Output>(told.back());
    }
    bool fails = false;
    std::vector<net::asgi_output> told;
};

struct fixture {
    ~fixture() { // while there is a door to close them by
        shard.server.close_all(eio::close_reason::server_shutdown, base::clock::now());
        flush();
    }
    static eio::http_request request(const std::string& method, const std::string& query) {
        eio::http_request made;
        made.method = method;
        made.path = "/socket.io/";
        made.query = "EIO=4&" + query;
        return made;
    }
    void ask(net::asgi_id exchange, const std::string& method, const std::string& query) {
        door.http_request(exchange, request(method, query), base::clock::now());
    }
    void open_websocket(net::asgi_id connection) {
        door.ws_open(connection, request("GET", "transport=websocket"), base::clock::now());
    }
    void flush() { shard.server.flush(base::clock::now()); }

    fake::shard shard;
    application app;
    net::asgi_door door{shard.server, app};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(asgi_door, fixture)

BOOST_AUTO_TEST_CASE(a_request_that_fails_is_answered_and_the_next_is_served) {
    app.fails = true;
    BOOST_CHECK_THROW(ask(1, "GET", "transport=unknown"), std::runtime_error);
    const auto failed = app.last<net::asgi_response>();
    BOOST_TEST(failed.exchange == 1U);
    BOOST_TEST(failed.response.status == 500);
    ask(2, "GET", "transport=polling");
    flush();
    BOOST_TEST(app.last<net::asgi_response>().exchange == 2U);
    BOOST_TEST(app.last<net::asgi_response>().response.status == 200);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_fails_is_rejected_and_leaves_no_session) {
    app.fails = true;
    BOOST_CHECK_THROW(open_websocket(1), std::runtime_error);
    BOOST_TEST(app.last<net::asgi_reject>().connection == 1U);
    BOOST_TEST(app.last<net::asgi_reject>().response.status == 500);
    BOOST_TEST(shard.server.session_count() == 0U);
}

BOOST_AUTO_TEST_CASE(a_message_that_fails_closes_its_websocket_alone) {
    open_websocket(1);
    open_websocket(2);
    flush();
    BOOST_CHECK_THROW(door.ws_receive(1, "4throw", false, base::clock::now()), std::runtime_error);
    BOOST_TEST(app.last<net::asgi_close>().connection == 1U);
    BOOST_TEST((app.last<net::asgi_close>().code == eio::close_code::internal_error));
    BOOST_TEST(shard.server.session_count() == 1U);
    door.ws_receive(2, "4hello", false, base::clock::now());
    flush();
    BOOST_TEST(app.last<net::asgi_send>().data.view() == "hello");
}

BOOST_AUTO_TEST_CASE(a_session_that_cannot_be_flushed_is_closed_and_the_others_are_flushed) {
    open_websocket(1);
    open_websocket(2);
    app.fails = true;
    flush();
    BOOST_TEST(app.last<net::asgi_send>().connection == 2U);
    BOOST_TEST(shard.server.session_count() == 1U);
    BOOST_TEST((shard.app.closed == std::vector{eio::close_reason::transport_error}));
    BOOST_REQUIRE(shard.log.lines.size() == 1U);
    BOOST_TEST(shard.log.lines[0].ends_with("after an error: no memory to tell it"));
}

BOOST_AUTO_TEST_SUITE_END()
