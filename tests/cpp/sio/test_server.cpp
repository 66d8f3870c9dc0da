#include "sio/world.hpp"

#include <boost/test/unit_test.hpp>

using fake::sio_world;
using lines = std::vector<std::string>;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(server)

BOOST_AUTO_TEST_CASE(a_client_is_connected_when_the_application_has_accepted) {
    sio_world w;
    const auto ws = w.open();
    w.receive(*ws, "40{\"token\":\"x\"}");
    BOOST_TEST((w.app.take() == lines{"connect S1 / {\"token\":\"x\"}"}));
    BOOST_TEST(ws->sent.empty());
    w.receive(*ws, "42[\"too early\"]");
    BOOST_TEST(w.app.take().empty());
    w.sio.accept(w.app.sids[0], "/");
    w.turn();
    BOOST_TEST((ws->sent == lines{"40{\"sid\":\"" + w.app.sids[0] + "\"}"}));
    w.receive(*ws, "427[\"a\",1]");
    BOOST_TEST((w.app.take() == lines{"event S1 / [\"a\",1] 7"}));
    w.sio.send_ack(w.app.sids[0], "/", 7, {"[\"ok\"]", {}});
    w.turn();
    BOOST_TEST(ws->sent.back() == "437[\"ok\"]");
}

BOOST_AUTO_TEST_CASE(without_a_connect_handler_the_application_is_not_asked) {
    sio_world w;
    sio::interest wanted;
    wanted.namespaces = {"/"};
    wanted.handlers["/"].insert("wanted");
    w.sio.set_interest(wanted);
    const auto ws = w.open();
    w.receive(*ws, "40");
    BOOST_TEST(ws->sent.size() == 1U);
    w.receive(*ws, "42[\"unwanted\"]");
    BOOST_TEST(w.app.take().empty());
    w.receive(*ws, "42[\"wanted\"]");
    BOOST_TEST((w.app.take() == lines{"event S1 / [\"wanted\"]"}));
}

BOOST_AUTO_TEST_CASE(a_refused_client_hears_why_and_may_try_again) {
    sio_world w;
    const auto ws = w.open();
    w.receive(*ws, "40/chat,");
    w.sio.refuse(w.app.sids[0], "/chat", "{\"message\":\"no\",\"data\":1}");
    w.turn();
    BOOST_TEST((ws->sent == lines{"44/chat,{\"message\":\"no\",\"data\":1}"}));
    w.receive(*ws, "40/chat,");
    BOOST_TEST(w.app.lines.size() == 2U);
    BOOST_TEST(!ws->closed.has_value());
    BOOST_TEST(w.sio.socket_count() == 1U);
}

BOOST_AUTO_TEST_CASE(always_connect_connects_first_and_refuses_by_disconnecting) {
    sio::config options;
    options.always_connect = true;
    sio_world w(options);
    const auto ws = w.open();
    w.receive(*ws, "40");
    BOOST_TEST(ws->sent.size() == 1U);
    w.sio.refuse(w.app.sids[0], "/", "{\"message\":\"no\"}");
    w.turn();
    BOOST_TEST(ws->sent.back() == "41{\"message\":\"no\"}");
}

BOOST_AUTO_TEST_CASE(an_unknown_namespace_is_refused_and_the_session_lives) {
    sio_world w;
    const auto ws = w.open();
    w.receive(*ws, "40/random,");
    BOOST_TEST((ws->sent == lines{"44/random,\"Unable to connect\""}));
    BOOST_TEST(!ws->closed.has_value());
}

BOOST_AUTO_TEST_CASE(the_client_leaves_a_namespace_and_keeps_its_rooms_until_the_handler_ends) {
    sio_world w;
    const auto [ws, sid] = w.join();
    (void)w.sio.enter_room(sid, "/", "x");
    w.receive(*ws, "41");
    BOOST_TEST((w.app.take() == lines{"disconnect S1 / client disconnect"}));
    BOOST_TEST(w.sio.rooms(sid, "/").size() == 2U);
    w.emit("[\"e\"]", {.rooms = {{"x"}}, .skip_sids = {}});
    BOOST_TEST(ws->sent.empty());
    w.sio.disconnect_done(sid, "/");
    BOOST_TEST(w.sio.rooms(sid, "/").empty());
    BOOST_TEST(w.sio.socket_count() == 0U);
    BOOST_TEST(w.sio.namespaces().empty());
    BOOST_TEST(!ws->closed.has_value());
}

BOOST_AUTO_TEST_CASE(the_server_takes_a_client_out_and_events_under_way_are_no_fault) {
    sio_world w;
    const auto [ws, sid] = w.join("/chat");
    w.sio.disconnect(sid, "/chat");
    w.turn();
    BOOST_TEST((ws->sent == lines{"41/chat,"}));
    BOOST_TEST((w.app.take() == lines{"disconnect S1 /chat server disconnect"}));
    w.receive(*ws, "42/chat,[\"late\"]");
    w.receive(*ws, "451-/chat,[\"late\",{\"_placeholder\":true,\"num\":0}]");
    w.receive(*ws, "late", true);
    BOOST_TEST(!ws->closed.has_value());
    BOOST_TEST(w.app.take().empty());
}

BOOST_AUTO_TEST_CASE(the_end_of_a_session_is_told_for_each_namespace) {
    sio_world w;
    const auto [ws, sid] = w.join();
    w.receive(*ws, "40/chat,");
    w.sio.accept(w.app.sids[1], "/chat");
    (void)w.app.take();
    ws->owner->on_transport_closed(*ws, false, w.now);
    BOOST_TEST(
        (w.app.take() ==
         lines{"disconnect S1 / transport close", "disconnect S2 /chat transport close"}));
    w.sio.disconnect_done(sid, "/");
    BOOST_TEST((w.app.take() == lines{}));
    w.sio.disconnect_done(w.app.sids[1], "/chat");
    BOOST_TEST((w.app.take() == lines{"session closed"}));
}

BOOST_AUTO_TEST_CASE(the_request_of_a_closed_session_is_kept_for_its_disconnect_handlers) {
    sio_world w;
    const auto [ws, sid] = w.join();
    const auto eio_sid = w.sio.find(sid, "/")->eio_sid;
    BOOST_TEST(!w.sio.request_of_closed(eio_sid)); // it is the session's
    ws->owner->on_transport_closed(*ws, false, w.now);
    w.turn();
    BOOST_REQUIRE(w.sio.request_of_closed(eio_sid));
    BOOST_TEST(w.sio.request_of_closed(eio_sid)->query == "EIO=4&transport=websocket");
    BOOST_TEST((w.sio.sessions() == lines{eio_sid.str()}));
    w.sio.disconnect_done(sid, "/");
    BOOST_TEST(!w.sio.request_of_closed(eio_sid));
    BOOST_TEST(w.sio.sessions().empty());
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_while_the_handler_decides_is_told_once_it_has_accepted) {
    sio_world w;
    const auto ws = w.open();
    w.receive(*ws, "40");
    w.receive(*ws, "1");
    BOOST_TEST((w.app.take() == lines{"connect S1 / "}));
    w.sio.accept(w.app.sids[0], "/");
    BOOST_TEST((w.app.take() == lines{"disconnect S1 / client disconnect"}));
    w.sio.disconnect_done(w.app.sids[0], "/");
    BOOST_TEST(w.sio.socket_count() == 0U);

    const auto other = w.open();
    w.receive(*other, "40");
    w.receive(*other, "1");
    w.sio.refuse(w.app.sids[1], "/", "{}");
    BOOST_TEST(w.sio.socket_count() == 0U);
}

BOOST_AUTO_TEST_CASE(attachments_are_gathered_both_ways) {
    sio_world w;
    const auto [ws, sid] = w.join();
    w.receive(
        *ws, "452-3[\"b\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]");
    BOOST_TEST(w.app.lines.empty());
    w.receive(*ws, "one", true);
    w.receive(*ws, "two", true);
    BOOST_TEST(
        (w.app.take() == lines{"event S1 / [\"b\",{\"_placeholder\":true,\"num\":0},"
                               "{\"_placeholder\":true,\"num\":1}] <one> <two> 3"}));
    w.sio.emit("/", {}, {"[\"b\",{\"_placeholder\":true,\"num\":0}]", {base::bytes("raw")}}, 0);
    w.turn();
    BOOST_TEST((ws->sent == lines{"451-[\"b\",{\"_placeholder\":true,\"num\":0}]", "<raw>"}));
}

// One or more frames each, the last of which breaks the protocol.
const std::vector<lines> breaches{
    {"4abc"},
    {"44{}"},
    {"42"},
    {"42{}"},
    {"42[]"},
    {"42[1"},
    {"42[null]"},
    {"42[{}]"},
    {"42[\"connect\"]"},
    {"42[\"disconnect\"]"},
    {"42[\"connect_error\"]"},
    {"42[\"a\"]x"},
    {"40"},
    {"40[]"},
    {"40\"x\""},
    {"41{}"},
    {"42/chat,[\"never joined\"]"},
    {"451-/chat,[\"a\"]"},
    {"461-/chat,1[]"},
    {"4511-[\"a\"]"},
    {"451-[\"a\",{\"_placeholder\":true,\"num\":1}]"},
    {"451-[\"a\",{\"_placeholder\":true,\"num\":-1}]"},
    {"451-[\"a\",{\"_placeholder\":true,\"num\":\"splice\"}]"},
    {"451-[\"a\",{\"_placeholder\":true}]"},
    {"451-[\"a\"]", "42[\"text instead\"]"},
    {"<binary without a header>"},
};

BOOST_AUTO_TEST_CASE(a_breach_closes_the_session_and_the_application_hears_of_it) {
    for (const auto& frames : breaches) {
        BOOST_TEST_CONTEXT(frames.back()) {
            sio_world w;
            const auto [ws, sid] = w.join();
            const auto [neighbour, neighbour_sid] = w.join();
            for (const auto& frame : frames)
                w.receive(*ws, frame, frame.starts_with('<'));
            BOOST_TEST(ws->closed.has_value());
            BOOST_TEST((w.app.take() == lines{"disconnect S1 / transport error"}));
            w.receive(*neighbour, "42[\"fine\"]");
            BOOST_TEST((w.app.take() == lines{"event S2 / [\"fine\"]"}));
        }
    }
}

BOOST_AUTO_TEST_CASE(attachments_have_a_bound_together) {
    sio::config options;
    options.max_attachment_bytes = 10;
    sio_world w(options);
    const auto [ws, sid] = w.join();
    w.receive(*ws, "452-[\"a\"]");
    w.receive(*ws, "123456", true);
    BOOST_TEST(!ws->closed.has_value());
    w.receive(*ws, "12345", true);
    BOOST_TEST(ws->closed.has_value());
}

BOOST_AUTO_TEST_CASE(acks_come_back_to_their_token_and_the_last_one_ends_it) {
    sio_world w;
    const auto [a, a_sid] = w.join();
    const auto [b, b_sid] = w.join();
    w.emit("[\"q\"]", {}, 5);
    BOOST_TEST((a->sent == lines{"421[\"q\"]"}));
    w.receive(*a, "431[\"yes\"]");
    BOOST_TEST((w.app.take() == lines{"ack 5 [\"yes\"]"}));
    w.receive(*a, "431[\"again\"]"); // unknown by now: ignored
    BOOST_TEST(w.app.take().empty());
    BOOST_TEST(!a->closed.has_value());
    w.receive(*b, "41");
    BOOST_TEST((w.app.take() == lines{"acks done 5", "disconnect S2 / client disconnect"}));
    w.emit("[\"q\"]", {.rooms = {{"empty"}}, .skip_sids = {}}, 6);
    BOOST_TEST((w.app.take() == lines{"acks done 6"}));
}

BOOST_AUTO_TEST_CASE(each_client_is_asked_with_an_id_of_its_own_count) {
    sio_world w;
    const auto [a, a_sid] = w.join();
    const auto [b, b_sid] = w.join();
    const auto [c, c_sid] = w.join();
    w.emit("[\"q\"]", {.rooms = {{b_sid}}, .skip_sids = {}}, 5);
    b->sent.clear();
    w.emit("[\"r\"]", {}, 6);
    BOOST_TEST((a->sent == lines{"421[\"r\"]"}));
    BOOST_TEST((b->sent == lines{"422[\"r\"]"}));
    BOOST_TEST((c->sent == lines{"421[\"r\"]"}));
}

BOOST_AUTO_TEST_CASE(a_forgotten_token_leaves_nothing_behind) {
    sio_world w;
    const auto [a, sid] = w.join();
    w.emit("[\"q\"]", {.rooms = {{sid}}, .skip_sids = {}}, 5);
    w.sio.forget_token(5);
    BOOST_TEST(w.sio.find(sid, "/")->pending_acks.empty());
    w.receive(*a, "431[]");
    BOOST_TEST(w.app.take().empty());
}

BOOST_AUTO_TEST_CASE(a_session_that_joins_nothing_is_closed_after_its_time) {
    sio_world w;
    const auto silent = w.open();
    const auto [joined, sid] = w.join();
    BOOST_TEST((w.sio.next_deadline() == w.now + 45s));
    w.now += 45s;
    w.sio.sweep(w.now);
    BOOST_TEST(silent->closed.has_value());
    BOOST_TEST(!joined->closed.has_value());
    BOOST_TEST(!w.sio.next_deadline());
}

BOOST_AUTO_TEST_CASE(a_session_may_join_so_many_namespaces) {
    sio::config options;
    options.max_namespaces = 2;
    sio_world w(options);
    sio::interest wanted;
    wanted.any_namespace = true;
    w.sio.set_interest(wanted);
    const auto ws = w.open();
    w.receive(*ws, "40/a,");
    w.receive(*ws, "40/b,");
    w.receive(*ws, "40/c,");
    BOOST_TEST(ws->sent.back() == "44/c,\"Unable to connect\"");
    BOOST_TEST(w.sio.socket_count() == 2U);
}

BOOST_AUTO_TEST_CASE(of_the_namespaces_it_was_removed_from_so_many_are_remembered) {
    sio::config options;
    options.max_namespaces = 2;
    sio_world w(options);
    sio::interest wanted; // no connect handler: they are in at once
    wanted.any_namespace = true;
    w.sio.set_interest(wanted);
    const auto ws = w.open();
    for (const std::string nsp : {"/a", "/b", "/c"}) {
        w.receive(*ws, "40" + nsp + ",");
        const auto sid = w.sio.participants(nsp, {}).front().first;
        w.sio.disconnect(sid, nsp);
        w.sio.disconnect_done(sid, nsp);
        w.turn();
    }
    // What was under way when the server removed it is no fault of the client's.
    w.receive(*ws, "42/c,[\"late\"]");
    w.receive(*ws, "42/b,[\"late\"]");
    BOOST_TEST(!ws->closed.has_value());
    w.receive(*ws, "42/a,[\"too late\"]");
    BOOST_TEST(ws->closed.has_value());
}

BOOST_AUTO_TEST_CASE(sockets_that_have_left_count_until_they_are_freed) {
    sio_world w;
    const auto ws = w.open();
    for (int i = 0; i < 1'000; ++i) { // in and out, while the connect handler takes its time
        w.receive(*ws, "40");
        w.receive(*ws, "41");
    }
    BOOST_TEST(w.sio.socket_count() == 32U);
    BOOST_TEST(w.app.take().size() == 32U);
    for (const auto& sid : w.app.sids)
        w.sio.refuse(sid, "/", "{}");
    BOOST_TEST(w.sio.socket_count() == 0U);
    w.receive(*ws, "40");
    BOOST_TEST(w.app.take().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
