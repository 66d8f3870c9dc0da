// What the application wants of requests: verdicts about them, and to hear of those refused.
#include "eio/server.hpp"
#include "eio/world.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace fake;

namespace {

// A handshake at a door that would make a WebSocket of it.
struct handshake final : eio::http_exchange {
    explicit handshake(eio::server& at) : server(at) {}
    void respond(eio::http_response&& with) override { response = std::move(with); }
    void watch(eio::exchange_watcher* by) override { watcher = by; }
    void let_in(
        const eio::http_request& request,
        const eio::websocket_ticket& ticket,
        base::time_point now) override {
        opened = std::make_shared<fake::websocket>();
        headers = ticket.headers;
        server.attach_websocket(ticket, request, opened, now);
    }
    eio::door came_by() const noexcept override { return eio::door::listen; }

    eio::server& server;
    eio::exchange_watcher* watcher = nullptr;
    std::optional<eio::http_response> response;
    std::vector<eio::http_header> headers;
    std::shared_ptr<fake::websocket> opened;
};

struct fixture {
    fixture()
        : server(
              {},
              app,
              sids,
              log,
              {.schedule_flush = [] {},
               .ask_relay = [] {},
               .may_ask = [this] { return may_ask; },
               .ask_application =
                   [this](eio::door_question&& each) { questions.push_back(std::move(each)); },
               .tell_withdrawn = [this](const base::sid& id) { withdrawn.push_back(id.str()); },
               .tell_refused =
                   [this](eio::refused_request&& each) { refused.push_back(std::move(each)); }}) {}

    std::shared_ptr<exchange> ask(eio::http_request request) {
        auto asked = std::make_shared<exchange>();
        asked->from = from;
        server.on_request(std::move(request), asked, now);
        turn();
        return asked;
    }
    std::shared_ptr<exchange> get(const std::string& sid) {
        return ask(world::request("EIO=4&transport=polling&sid=" + sid));
    }
    std::shared_ptr<exchange> post(const std::string& sid, std::string body) {
        auto request = world::request("EIO=4&transport=polling&sid=" + sid, "POST");
        request.body = std::move(body);
        return ask(std::move(request));
    }
    // Null when it need not wait.
    std::shared_ptr<handshake> upgrade(const std::string& sid) {
        auto request = world::request("EIO=4&transport=websocket&sid=" + sid);
        if (!std::holds_alternative<eio::verdict_needed>(server.admit_websocket(request)))
            return nullptr;
        auto asked = std::make_shared<handshake>(server);
        server.await_verdict(std::move(request), asked, now);
        return asked;
    }
    // A session that polls, and whose requests wait from now on.
    std::string open() {
        (void)ask(world::request(poll));
        server.set_interest({.decides = true, .requests = true, .refusals = true});
        return app.last->sid().str();
    }
    // The last question.
    void admit(std::vector<eio::http_header> headers = {}) {
        server.admit(questions.back().id, {}, now, std::move(headers));
        turn();
    }
    void turn() {
        while (server.unfinished())
            server.flush(now);
    }
    void pass(base::milliseconds time) {
        now += time;
        server.sweep(now);
        turn();
    }

    static inline const std::string poll = "EIO=4&transport=polling";

    application app;
    kept_log log;
    base::sid_source sids;
    base::time_point now{1h};
    eio::server server;
    eio::door from = eio::door::listen;
    bool may_ask = true;
    std::vector<eio::door_question> questions;
    std::vector<std::string> withdrawn;
    std::vector<eio::refused_request> refused;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(door_interest, fixture)

BOOST_AUTO_TEST_CASE(a_request_waits_for_its_verdict_only_if_that_is_wanted) {
    BOOST_TEST(ask(world::request(poll))->response.has_value());
    BOOST_TEST(questions.empty());
    server.set_interest({.decides = true});
    const auto asked = ask(world::request(poll));
    BOOST_TEST(!asked->response);
    BOOST_REQUIRE(questions.size() == 1U);
    BOOST_TEST(questions[0].opens);
    BOOST_TEST(questions[0].request->query == poll);
    admit({{"X-For", "you"}});
    BOOST_REQUIRE(asked->response);
    BOOST_TEST(asked->response->headers.back().value == "you");
    BOOST_TEST((app.last != nullptr));
    (void)get(app.last->sid().str());
    BOOST_TEST(questions.size() == 1U); // of a session's requests nobody wants to hear
}

BOOST_AUTO_TEST_CASE(who_is_refused_gets_no_session) {
    server.set_interest({.decides = true});
    const auto asked = ask(world::request(poll));
    server.refuse(questions.at(0).id, 403, "{}");
    BOOST_TEST(asked->response.value().status == 403);
    BOOST_TEST(server.session_count() == 0U);
    auto request = world::request("EIO=4&transport=websocket");
    BOOST_TEST(std::holds_alternative<eio::verdict_needed>(server.admit_websocket(request)));
}

BOOST_AUTO_TEST_CASE(each_request_of_a_session_waits_and_its_answer_has_the_headers) {
    const auto sid = open();
    const auto sent = post(sid, "4hello");
    BOOST_TEST(!sent->response);
    BOOST_TEST(app.heard.empty());
    BOOST_TEST(!questions.back().opens);
    BOOST_TEST(questions.back().request->body.empty());
    admit({{"X-A", "b"}});
    BOOST_TEST(app.heard == std::vector<std::string>{"hello"});
    BOOST_TEST(sent->response.value().body == "ok");
    BOOST_TEST(sent->response->headers.back().value == "b");

    const auto asked = get(sid);
    app.last->send({eio::packet_type::message, false, base::bytes("one")});
    turn();
    BOOST_TEST(!asked->response);
    admit({{"X-A", "c"}});
    BOOST_TEST(asked->response.value().body == "4one");
    BOOST_TEST(asked->response->headers.back().value == "c");

    const auto waiting = upgrade(sid);
    BOOST_REQUIRE(waiting);
    BOOST_TEST(!waiting->opened);
    admit({{"X-A", "d"}});
    BOOST_REQUIRE(waiting->opened);
    BOOST_TEST(waiting->headers.back().value == "d");
    BOOST_TEST(questions.size() == 3U);
    // What comes over the WebSocket asks nothing.
    waiting->opened->owner->on_frame(*waiting->opened, "2probe", false, now);
    waiting->opened->owner->on_frame(*waiting->opened, "5", false, now);
    waiting->opened->owner->on_frame(*waiting->opened, "4more", false, now);
    BOOST_TEST(app.heard.back() == "more");
    BOOST_TEST(questions.size() == 3U);
    BOOST_TEST(withdrawn.empty());
}

BOOST_AUTO_TEST_CASE(a_request_that_is_wrong_by_itself_is_refused_and_nobody_is_asked) {
    const auto sid = open();
    BOOST_TEST(get("nobody")->response.value().status == 400);
    BOOST_TEST(ask(world::request("EIO=4&transport=websocket&sid=" + sid))->response.has_value());
    BOOST_TEST(ask(world::request(poll + "&sid=" + sid, "DELETE"))->response.has_value());
    BOOST_TEST(!upgrade("nobody"));
    BOOST_TEST(questions.empty());
}

BOOST_AUTO_TEST_CASE(what_a_refused_post_has_brought_is_not_heard_and_the_next_one_is) {
    const auto sid = open();
    const auto refused_post = post(sid, "4no");
    server.refuse(questions.back().id, 403, "{}");
    BOOST_TEST(refused_post->response.value().status == 403);
    (void)post(sid, "4yes");
    admit();
    BOOST_TEST(app.heard == std::vector<std::string>{"yes"});
    const auto refused_poll = get(sid);
    server.refuse(questions.back().id, 403, "{}");
    BOOST_TEST(refused_poll->response.value().status == 403);
    (void)get(sid);
    admit();
    BOOST_TEST(app.closed.empty());
}

BOOST_AUTO_TEST_CASE(two_polls_or_posts_at_once_close_the_session_while_one_waits) {
    for (const bool posts : {false, true}) {
        fixture f;
        const auto sid = f.open();
        const auto send = [&] { return posts ? f.post(sid, "4a") : f.get(sid); };
        const auto first = send();
        BOOST_TEST(send()->response.value().status == 400);
        BOOST_TEST((f.app.closed == std::vector{eio::close_reason::transport_error}));
        f.admit();
        BOOST_TEST(first->response.value().status == 400); // its session is gone
        BOOST_TEST(f.app.heard.empty());
        BOOST_TEST((f.refused.back().error == eio::request_error::unknown_sid));
    }
}

BOOST_AUTO_TEST_CASE(a_client_that_gives_up_a_poll_that_waits_has_left) {
    const auto asked = get(open());
    asked->watcher->on_peer_gone(now);
    turn();
    BOOST_TEST((app.closed == std::vector{eio::close_reason::transport_error}));
    BOOST_TEST(withdrawn == std::vector{questions[0].id.str()});
    admit(); // too late
    BOOST_TEST(!asked->response);
    BOOST_TEST(server.session_count() == 0U);
}

BOOST_AUTO_TEST_CASE(what_a_post_has_brought_counts_also_when_its_client_does_not_wait) {
    const auto sid = open();
    const auto asked = post(sid, "4hello");
    BOOST_TEST(asked->watcher == nullptr); // nobody hears that it has gone
    admit();
    BOOST_TEST(app.heard == std::vector<std::string>{"hello"});
}

BOOST_AUTO_TEST_CASE(an_upgrade_is_given_up_and_its_session_stays) {
    const auto sid = open();
    const auto waiting = upgrade(sid);
    BOOST_TEST(!upgrade(sid)); // one at a time
    BOOST_TEST((refused.back().reason == eio::refusal_reason::upgraded));
    waiting->watcher->on_peer_gone(now);
    BOOST_TEST(withdrawn.size() == 1U);
    BOOST_TEST(app.closed.empty());
    const auto next = upgrade(sid);
    BOOST_REQUIRE(next);
    app.last->close(eio::close_reason::server_disconnect, now);
    turn();
    admit();
    BOOST_TEST(next->response.value().status == 400);
    BOOST_TEST(!next->opened);
}

BOOST_AUTO_TEST_CASE(a_poll_that_waits_while_its_session_upgrades_ends_with_a_noop) {
    const auto sid = open();
    const auto waiting = upgrade(sid);
    admit();
    const auto asked = get(sid);
    waiting->opened->owner->on_frame(*waiting->opened, "2probe", false, now);
    waiting->opened->owner->on_frame(*waiting->opened, "5", false, now);
    admit();
    BOOST_TEST(asked->response.value().body == "6");
    BOOST_TEST(app.closed.empty());
}

BOOST_AUTO_TEST_CASE(who_waits_for_too_long_is_refused_and_has_not_been_silent_meanwhile) {
    const auto sid = open();
    const auto asked = get(sid);
    pass(25s); // a ping is due
    pass(19s);
    const auto sent = post(sid, "3");
    pass(1s); // and its pong, which is in the POST
    BOOST_TEST(asked->response.value().status == 503);
    BOOST_TEST(withdrawn == std::vector{questions[0].id.str()});
    BOOST_TEST(log.lines.back().ends_with("its hooks take too long"));
    pass(40s);
    BOOST_TEST(app.closed.empty());
    admit();
    BOOST_TEST(sent->response.value().status == 200);
    BOOST_TEST(withdrawn.size() == 1U);
    pass(25s);
    pass(20s);
    BOOST_TEST((app.closed == std::vector{eio::close_reason::ping_timeout}));
}

BOOST_AUTO_TEST_CASE(nor_has_who_is_relayed) {
    from = eio::door::bridge;
    const auto sid = open();
    const auto rounds = [&] {
        for (int i = 0; i < 30; ++i)
            server.on_relay_round(now);
    };
    pass(25s); // a ping is due
    rounds();  // and has left
    pass(20s); // its pong is missing
    const auto sent = post(sid, "3");
    rounds();
    BOOST_TEST(app.closed.empty());
    admit();
    BOOST_TEST(sent->response.value().status == 200);
    pass(24s);
    rounds();
    BOOST_TEST(app.closed.empty());
}

BOOST_AUTO_TEST_CASE(a_peer_is_not_slow_while_its_poll_waits) {
    const auto sid = open();
    const auto asked = get(sid);
    const std::string large(1'500'000, 'x');
    app.last->send({eio::packet_type::message, false, base::bytes(large)});
    turn();
    pass(6s);
    BOOST_TEST(app.closed.empty());
    admit();
    BOOST_TEST(asked->response.value().body == "4" + large);
}

BOOST_AUTO_TEST_CASE(strangers_who_wait_do_not_keep_clients_out) {
    const auto sid = open();
    std::vector<std::shared_ptr<exchange>> strangers;
    for (std::size_t each = 0; each < eio::gate::bound; ++each)
        strangers.push_back(ask(world::request(poll)));
    BOOST_TEST(!strangers.back()->response);
    BOOST_TEST(ask(world::request(poll))->response.value().status == 503);
    const auto asked = get(sid);
    BOOST_TEST(!asked->response);
    admit();
    BOOST_TEST(app.closed.empty());
    server.close_all(eio::close_reason::server_shutdown, now);
    BOOST_TEST(strangers.front()->response.value().status == 503);
    BOOST_TEST(withdrawn.size() == eio::gate::bound);
}

BOOST_AUTO_TEST_CASE(what_posts_have_brought_is_bounded_while_they_wait) {
    const auto first = open();
    server.set_interest({});
    (void)ask(world::request(poll));
    const auto second = app.last->sid().str();
    server.set_interest({.requests = true});
    const auto large = post(first, std::string(eio::gate::bound_bytes, 'x'));
    BOOST_TEST(!large->response);
    BOOST_TEST(post(second, "4a")->response.value().status == 503);
    server.refuse(questions.back().id, 403, "{}");
    BOOST_TEST(!post(second, "4a")->response);
}

BOOST_AUTO_TEST_CASE(an_application_that_has_too_much_to_answer_is_not_asked) {
    const auto sid = open();
    may_ask = false;
    BOOST_TEST(get(sid)->response.value().status == 503);
    BOOST_TEST(ask(world::request(poll))->response.value().status == 503);
    BOOST_TEST(post(sid, "4a")->response.value().status == 503);
    BOOST_TEST(questions.empty());
    may_ask = true;
    BOOST_TEST(!get(sid)->response);
    BOOST_TEST(!post(sid, "4a")->response);
}

BOOST_AUTO_TEST_CASE(refusals_are_told_without_their_bodies_if_that_is_wanted) {
    auto wrong = world::request("EIO=4&transport=pigeon", "POST");
    wrong.body = "a body";
    (void)ask(wrong);
    BOOST_TEST(refused.empty());
    server.set_interest({.refusals = true});
    (void)ask(wrong);
    (void)ask(world::request(poll + "&sid=unknown"));
    BOOST_REQUIRE(refused.size() == 2U);
    BOOST_TEST((refused[0].error == eio::request_error::unknown_transport));
    BOOST_TEST((refused[0].reason == eio::refusal_reason::transport));
    BOOST_TEST(refused[0].request->query == wrong.query);
    BOOST_TEST(refused[0].request->body.empty());
    BOOST_TEST((refused[1].error == eio::request_error::unknown_sid));
}

BOOST_AUTO_TEST_SUITE_END()
