#include "eio/world.hpp"

#include <boost/test/unit_test.hpp>

using fake::world;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(polling)

BOOST_AUTO_TEST_CASE(the_handshake_answers_with_the_open_packet_and_names_the_session) {
    eio::config options;
    options.cookie_name = "io";
    options.cookie_attributes = "; path=/";
    options.ping_interval = 300ms;
    world w(options);
    const auto answer = w.get()->response;
    BOOST_REQUIRE(answer);
    const auto sid = w.app.last->sid().str();
    BOOST_TEST(
        answer->body ==
        "0{\"sid\":\"" + sid +
            R"(","upgrades":["websocket"],"pingInterval":300,"pingTimeout":20000,"maxPayload":1000000})");
    BOOST_TEST((answer->opens == base::sid::parse(sid)));
    BOOST_TEST(answer->headers.back().name == "Set-Cookie");
    BOOST_TEST(answer->headers.back().value == "io=" + sid + "; path=/");
}

BOOST_AUTO_TEST_CASE(a_poll_is_parked_until_there_is_something_to_send) {
    world w;
    const auto sid = w.open_polling();
    const auto poll = w.get(sid);
    BOOST_TEST(!poll->response);
    w.app.last->send({eio::packet_type::message, false, base::bytes("one")});
    w.app.last->send({eio::packet_type::message, false, base::bytes("two")});
    w.turn();
    BOOST_REQUIRE(poll->response);
    BOOST_TEST(
        poll->response->body == "4one\x1e"
                                "4two");
    BOOST_TEST(!poll->response->opens);
}

BOOST_AUTO_TEST_CASE(every_packet_of_a_body_is_heard) {
    world w;
    const auto sid = w.open_polling();
    std::string body = "40";
    for (int i = 1; i < 1'000; ++i)
        body += "\x1e"
                "4" +
                std::to_string(i);
    const auto answer = w.post(sid, body);
    BOOST_TEST(answer->response->status == 200);
    BOOST_TEST(answer->response->body == "ok");
    BOOST_TEST(w.app.heard.size() == 1'000U);
    BOOST_TEST(w.app.heard.back() == "999");
}

BOOST_AUTO_TEST_CASE(a_second_parked_poll_closes_the_session) {
    world w;
    const auto sid = w.open_polling();
    const auto first = w.get(sid);
    const auto second = w.get(sid);
    BOOST_TEST(second->response->status == 400);
    BOOST_REQUIRE(first->response);
    BOOST_TEST(first->response->body == "1");
    BOOST_TEST((w.app.closed == std::vector{eio::close_reason::transport_error}));
    BOOST_TEST(w.get(sid)->response->status == 400);
}

BOOST_AUTO_TEST_CASE(a_second_post_while_one_is_unanswered_closes_the_session) {
    world w;
    const auto sid = w.open_polling();
    w.app.count_unhandled = true;
    std::string body = "4";
    for (int i = 1; i < 1'000; ++i)
        body += "\x1e"
                "4";
    const auto withheld = w.post(sid, body);
    BOOST_TEST(!withheld->response); // a thousand unhandled: the client has to wait
    const auto second = w.post(sid, "4x");
    BOOST_TEST(second->response->status == 400);
    BOOST_TEST(withheld->responses == 1);
    BOOST_TEST(w.app.closed.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_second_post_while_one_is_arriving_closes_the_session) {
    for (const bool second_is_whole : {true, false}) {
        world w;
        const auto sid = w.open_polling();
        const auto head = world::request("EIO=4&transport=polling&sid=" + sid, "POST");
        const auto slow = std::make_shared<fake::exchange>();
        w.server.on_request_begun(head, *slow, w.now);
        if (second_is_whole) {
            BOOST_TEST(w.post(sid, "4x")->response->status == 400);
        } else {
            const auto other = std::make_shared<fake::exchange>();
            w.server.on_request_begun(head, *other, w.now);
        }
        BOOST_TEST((w.app.closed == std::vector{eio::close_reason::transport_error}));
        BOOST_TEST(w.app.heard.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_post_that_arrives_in_pieces_is_one_post) {
    world w;
    const auto sid = w.open_polling();
    auto request = world::request("EIO=4&transport=polling&sid=" + sid, "POST");
    for (int i = 0; i < 2; ++i) {
        const auto slow = std::make_shared<fake::exchange>();
        w.server.on_request_begun(request, *slow, w.now);
        request.body = "4x";
        w.server.on_request(eio::http_request(request), slow, w.now);
        BOOST_TEST(slow->response->status == 200);
    }
    BOOST_TEST(w.app.heard.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_withheld_post_is_answered_when_half_is_handled) {
    world w;
    const auto sid = w.open_polling();
    w.app.count_unhandled = true;
    std::string body = "4";
    for (int i = 1; i < 1'000; ++i)
        body += "\x1e"
                "4";
    const auto withheld = w.post(sid, body);
    w.app.last->remove_unhandled(499, w.now);
    BOOST_TEST(!withheld->response);
    w.app.last->remove_unhandled(1, w.now);
    BOOST_REQUIRE(withheld->response);
    BOOST_TEST(withheld->response->status == 200);
}

BOOST_AUTO_TEST_CASE(a_close_packet_ends_the_parked_poll_with_a_noop) {
    world w;
    const auto sid = w.open_polling();
    const auto poll = w.get(sid);
    const auto answer = w.post(sid, "1");
    BOOST_TEST(answer->response->status == 200);
    BOOST_REQUIRE(poll->response);
    BOOST_TEST(poll->response->body == "6");
    BOOST_TEST((w.app.closed == std::vector{eio::close_reason::client_disconnect}));
}

BOOST_AUTO_TEST_CASE(what_is_queued_and_the_goodbye_leave_in_the_one_parked_poll) {
    world w;
    const auto sid = w.open_polling();
    const auto poll = w.get(sid);
    w.app.last->send({eio::packet_type::message, false, base::bytes("last words")});
    w.app.last->close(eio::close_reason::server_disconnect, w.now);
    BOOST_TEST(
        poll->response->body == "4last words\x1e"
                                "1");
    BOOST_TEST(poll->responses == 1);
}

BOOST_AUTO_TEST_CASE(a_broken_body_is_answered_400_and_closes_the_session) {
    for (const auto* body : {"abc", "", "4\xff", "b!", "4a\x1e", "2", "0", "5"}) {
        world w;
        const auto sid = w.open_polling();
        const auto answer = w.post(sid, body);
        BOOST_TEST_CONTEXT(body) {
            BOOST_TEST(answer->response->status == 400);
            const bool is_packet = *body == '0' || *body == '2' || *body == '5';
            const auto reason =
                is_packet ? eio::close_reason::transport_error : eio::close_reason::parse_error;
            BOOST_TEST((w.app.closed == std::vector{reason}));
            BOOST_TEST(answer->responses == 1);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_body_too_large_is_answered_413_and_the_session_lives) {
    world w;
    const auto sid = w.open_polling();
    auto request = world::request("EIO=4&transport=polling&sid=" + sid, "POST");
    request.body_too_large = true;
    BOOST_TEST(w.ask(request)->response->status == 413);
    BOOST_TEST(w.app.closed.empty());
}

BOOST_AUTO_TEST_CASE(a_poll_given_up_by_its_client_closes_the_session) {
    world w;
    const auto sid = w.open_polling();
    const auto poll = w.get(sid);
    poll->watcher->on_peer_gone(w.now);
    w.turn();
    BOOST_TEST((w.app.closed == std::vector{eio::close_reason::transport_error}));
    BOOST_TEST(!poll->response);
}

BOOST_AUTO_TEST_CASE(large_responses_are_compressed_for_those_who_take_it) {
    world w;
    const auto sid = w.open_polling();
    auto request = world::request("EIO=4&transport=polling&sid=" + sid);
    request.headers.push_back({"Accept-Encoding", "gzip"});
    const auto poll = w.ask(request);
    w.app.last->send({eio::packet_type::message, false, base::bytes(std::string(1'023, 'x'))});
    w.turn();
    BOOST_TEST((poll->response->encoding == eio::content_encoding::gzip));
    const auto small = w.ask(request);
    w.app.last->send({eio::packet_type::message, false, base::bytes("x")});
    w.turn();
    BOOST_TEST((small->response->encoding == eio::content_encoding::identity));
}

BOOST_AUTO_TEST_CASE(a_python_client_gets_no_more_packets_at_once_than_it_takes) {
    world w;
    const auto sid = w.open_polling();
    auto request = world::request("EIO=4&transport=polling&sid=" + sid);
    request.headers.push_back({"User-Agent", "Python/3.11 aiohttp/3.14.5"});
    for (int i = 0; i < 20; ++i)
        w.app.last->send({eio::packet_type::message, false, base::bytes(std::to_string(i))});
    const auto first = w.ask(request)->response->body;
    BOOST_TEST(std::count(first.begin(), first.end(), '\x1e') == 15);
    BOOST_TEST(first.ends_with("415"));
    BOOST_TEST(
        w.get(sid)->response->body == "416\x1e"
                                      "417\x1e"
                                      "418\x1e"
                                      "419");
    BOOST_TEST(w.app.last->queued_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(other_methods_are_refused_and_the_session_lives) {
    world w;
    const auto sid = w.open_polling();
    const auto answer = w.ask(world::request("EIO=4&transport=polling&sid=" + sid, "PUT"));
    BOOST_TEST(answer->response->status == 400);
    BOOST_TEST(w.app.closed.empty());
}

BOOST_AUTO_TEST_SUITE_END()
