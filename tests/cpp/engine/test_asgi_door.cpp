// What an ASGI server brings goes to the session's shard, and what comes later finds it there.
#include "engine/world.hpp"

using namespace fake;

namespace {

eio::http_request request(const std::string& method, const std::string& query) {
    eio::http_request made;
    made.method = method;
    made.path = "/socket.io/";
    made.query = "EIO=4&" + query;
    return made;
}

struct fixture {
    std::string open_session() {
        const auto id = app.in.http_request(0, request("GET", "transport=polling"));
        const auto answer = app.next<net::asgi_response>();
        BOOST_TEST(answer.exchange == id);
        return answer.response.opens.value().str();
    }
    static std::string polling(const std::string& sid) { return "transport=polling&sid=" + sid; }

    application app;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(asgi_door, fixture)

BOOST_AUTO_TEST_CASE(requests_find_their_sessions_and_new_ones_are_opened_in_turn) {
    std::vector<int> count(threads);
    for (unsigned i = 0; i < 2 * threads; ++i) {
        const auto sid = open_session();
        ++count[base::shard_of(sid, threads).value()];
        auto post = request("POST", polling(sid));
        const auto begun = app.in.http_begin(post);
        post.body = "40";
        BOOST_TEST(app.in.http_request(begun, post) == begun);
        const auto taken = app.next<net::asgi_response>();
        BOOST_TEST(taken.exchange == begun);
        BOOST_TEST(taken.response.body == "ok");
        (void)app.in.http_request(0, request("GET", polling(sid)));
        BOOST_TEST(app.next<net::asgi_response>().response.body.starts_with("40{"));
    }
    for (const auto each : count)
        BOOST_TEST(each == 2);
}

BOOST_AUTO_TEST_CASE(a_poll_that_is_aborted_is_found) {
    for (unsigned i = 0; i < threads; ++i) {
        const auto sid = open_session();
        const auto parked = app.in.http_request(0, request("GET", polling(sid)));
        app.in.http_abort(parked);
        BOOST_TEST(app.next<sio::session_closed_event>().eio_sid.view() == sid);
    }
}

BOOST_AUTO_TEST_CASE(a_websocket_is_found_by_its_id) {
    for (unsigned i = 0; i < threads; ++i) {
        const auto id = app.in.ws_open(request("GET", "transport=websocket"));
        const auto accepted = app.next<net::asgi_accept>();
        BOOST_TEST(accepted.connection == id);
        BOOST_TEST(app.next<net::asgi_send>().connection == id);
        app.in.ws_receive(id, "40", false);
        BOOST_TEST(app.next<net::asgi_send>().data.view().starts_with("0{"));
        app.in.ws_closed(id, false);
        BOOST_TEST((app.next<sio::session_closed_event>().eio_sid == accepted.eio_sid));
    }
}

BOOST_AUTO_TEST_CASE(a_session_of_any_shard_is_upgraded) {
    for (unsigned i = 0; i < threads; ++i) {
        const auto sid = open_session();
        const auto id = app.in.ws_open(request("GET", "transport=websocket&sid=" + sid));
        BOOST_TEST((app.next<net::asgi_accept>().eio_sid.view() == sid));
        app.in.ws_receive(id, "2probe", false);
        BOOST_TEST(app.next<net::asgi_send>().data.view() == "probe");
    }
}

BOOST_AUTO_TEST_CASE(a_handshake_that_is_handed_over_goes_to_its_session) {
    for (unsigned i = 0; i < threads; ++i) {
        const auto sid = open_session();
        int ends[2];
        BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        peer upgrading(peer::connected{ends[1]});
        auto handshake = request("GET", "transport=websocket&sid=" + sid);
        handshake.headers = {
            {"Host", "a"},
            {"Upgrade", "websocket"},
            {"Connection", "Upgrade"},
            {"Sec-WebSocket-Version", "13"},
            {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
        const auto id = app.in.adopt(net::descriptor(ends[0]), std::move(handshake), true);
        const auto answer = app.next<engine::adopted>();
        BOOST_TEST(answer.id == id);
        BOOST_TEST(answer.status == 101);
        BOOST_TEST(upgrading.receive_through("\r\n\r\n").starts_with("HTTP/1.1 101"));
        upgrading.send_frame("2probe");
        BOOST_TEST(upgrading.receive_frame() == "3probe");
    }
}

BOOST_AUTO_TEST_CASE(all_that_was_bridged_ends_when_its_loop_has) {
    for (unsigned i = 0; i < threads; ++i) {
        (void)app.in.ws_open(request("GET", "transport=websocket"));
        (void)app.next<net::asgi_accept>();
    }
    app.in.abort_bridged();
    for (unsigned i = 0; i < threads; ++i)
        (void)app.next<sio::session_closed_event>();
    BOOST_TEST(app.in.stats().sessions == 0U);
}

BOOST_AUTO_TEST_CASE(what_comes_to_an_engine_that_has_ended_is_told_that_nobody_will_answer) {
    const auto begun = app.in.http_begin(request("POST", "transport=polling"));
    BOOST_TEST(begun != 0U);
    app.in.close(0s);
    int ends[2];
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    peer late(peer::connected{ends[1]});
    BOOST_TEST(app.in.http_begin(request("POST", "transport=polling")) == 0U);
    BOOST_TEST(app.in.http_request(begun, request("POST", "transport=polling")) == 0U);
    BOOST_TEST(app.in.http_request(0, request("GET", "transport=polling")) == 0U);
    BOOST_TEST(app.in.ws_open(request("GET", "transport=websocket")) == 0U);
    BOOST_TEST(app.in.adopt(net::descriptor(ends[0]), request("GET", ""), true) == 0U);
    BOOST_TEST(late.ends());
}

BOOST_AUTO_TEST_SUITE_END()
