// Engine.IO without Socket.IO: who is let in, what the application hears, names of its own.
#include "eio/raw_server.hpp"
#include "eio/world.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <utility>

using namespace std::chrono_literals;

namespace {

// A handshake at a door that would make a WebSocket of it.
struct handshake final : eio::http_exchange {
    explicit handshake(eio::server& at) : server(at) {}
    void respond(eio::http_response&& with) override { response = std::move(with); }
    void watch(eio::exchange_watcher* by) override { watcher = by; }
    void await_verdict(const base::sid& sid) override { opens = sid; }
    void let_in(
        const eio::http_request& request,
        const eio::websocket_ticket& ticket,
        base::time_point now) override {
        opened = std::make_shared<fake::websocket>();
        server.attach_websocket(ticket, request, opened, now);
    }
    eio::door came_by() const noexcept override { return eio::door::listen; }

    eio::server& server;
    eio::exchange_watcher* watcher = nullptr;
    std::optional<base::sid> opens;
    std::optional<eio::http_response> response;
    std::shared_ptr<fake::websocket> opened;
};

struct log_lines final : base::log_sink {
    void log(base::log_channel, base::log_level, std::string text) override {
        lines.push_back(std::move(text));
    }
    std::vector<std::string> lines;
};

struct fixture : private eio::raw_event_sink {
    explicit fixture(eio::config options = {})
        : raw(server, *this, log),
          server(options, raw, sids, log, {.schedule_flush = [] {}, .ask_relay = [] {}}) {
        raw.set_interest({.decides = true, .messages = true});
    }
    void on_raw_event(eio::raw_event&& told) override {
        if (const auto* open = std::get_if<eio::raw_open>(&told)) {
            applicants.push_back(open->eio_sid.str());
        } else if (const auto* message = std::get_if<eio::raw_message>(&told)) {
            heard.push_back((message->binary ? "<" : "") + message->data);
        } else {
            const auto& close = std::get<eio::raw_close>(told);
            closed.push_back(close.eio_sid.str() + " " + std::string(to_string(close.reason)));
        }
    }

    std::shared_ptr<fake::exchange> get(const std::string& sid = {}) {
        auto asked = std::make_shared<fake::exchange>();
        server.on_request(
            fake::world::request("EIO=4&transport=polling" + (sid.empty() ? "" : "&sid=" + sid)),
            asked,
            now);
        turn();
        return asked;
    }
    std::shared_ptr<handshake> shake_hands() {
        auto request = fake::world::request("EIO=4&transport=websocket");
        const auto admission = server.admit_websocket(request);
        BOOST_REQUIRE(std::holds_alternative<eio::verdict_needed>(admission));
        auto asked = std::make_shared<handshake>(server);
        server.await_verdict(request, asked, now);
        return asked;
    }
    void admit(const std::string& name = {}) {
        raw.admit(applicants.back(), name, now);
        turn();
    }
    void send(const std::string& sid, std::string_view text) {
        raw.send(sid, {eio::packet_type::message, false, base::bytes(text)});
        turn();
    }
    void turn() {
        while (server.unfinished())
            server.flush(now);
    }

    log_lines log;
    base::sid_source sids;
    base::time_point now{1h};
    eio::raw_server raw;
    eio::server server;
    std::vector<std::string> applicants;
    std::vector<std::string> heard;
    std::vector<std::string> closed;
};

using lines = std::vector<std::string>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(raw_server, fixture)

BOOST_AUTO_TEST_CASE(a_poll_is_answered_when_the_application_has_let_it_in) {
    const auto asked = get();
    BOOST_TEST(!asked->response);
    BOOST_TEST(server.session_count() == 0U);
    BOOST_REQUIRE(applicants.size() == 1U);
    BOOST_TEST(server.request_of(applicants[0])->header("Host") == "example.org");
    admit();
    BOOST_REQUIRE(asked->response);
    BOOST_TEST(asked->response->body.starts_with("0{\"sid\":\"" + applicants[0] + "\""));
    BOOST_TEST(asked->response->opens->str() == applicants[0]);
    BOOST_TEST((server.sids() == applicants));
    BOOST_TEST(asked->responses == 1);
}

BOOST_AUTO_TEST_CASE(a_websocket_goes_on_when_the_application_has_let_it_in) {
    const auto asked = shake_hands();
    BOOST_REQUIRE(applicants.size() == 1U);
    BOOST_TEST(asked->opens->str() == applicants[0]);
    BOOST_TEST(!asked->opened);
    admit();
    BOOST_REQUIRE(asked->opened);
    BOOST_TEST(asked->opened->sent.at(0).starts_with("0{\"sid\":\"" + applicants[0] + "\""));
}

BOOST_AUTO_TEST_CASE(who_is_refused_gets_the_answer_that_the_application_gives) {
    const auto poll = get();
    raw.refuse(applicants.back(), 401, "\"no\"");
    const auto websocket = shake_hands();
    raw.refuse(applicants.back(), 401, "\"no\"");
    for (const auto& response : {poll->response, websocket->response}) {
        BOOST_REQUIRE(response);
        BOOST_TEST(response->status == 401);
        BOOST_TEST(response->body == "\"no\"");
        BOOST_TEST(response->headers.back().value == "application/json");
    }
    BOOST_TEST(server.session_count() == 0U);
    BOOST_TEST(closed.empty());
    admit(); // too late
    BOOST_TEST(server.session_count() == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_sent_before_the_verdict_follows_the_open_packet) {
    const auto asked = get();
    send(applicants[0], "one");
    send(applicants[0], "two");
    BOOST_TEST(!asked->response);
    admit();
    BOOST_REQUIRE(asked->response);
    BOOST_TEST(asked->response->body.ends_with(
        "}\x1e"
        "4one\x1e"
        "4two"));
}

BOOST_AUTO_TEST_CASE(what_is_sent_before_the_verdict_is_bounded) {
    (void)get();
    for (int i = 0; i < 5; ++i)
        send(applicants[0], std::string(1 << 20, 'x'));
    BOOST_TEST((log.lines == lines(3, "Cannot send to sid " + applicants[0])));
}

BOOST_AUTO_TEST_CASE(who_goes_away_before_the_verdict_is_told_as_closed_if_it_is_let_in) {
    for (const bool let_in : {true, false}) {
        const auto asked = get();
        BOOST_REQUIRE(asked->watcher);
        asked->watcher->on_peer_gone(now);
        BOOST_TEST(closed.empty());
        if (let_in)
            admit();
        else
            raw.refuse(applicants.back(), 401, "");
        BOOST_TEST(!asked->response);
        BOOST_TEST(closed.size() == (let_in ? 1U : 0U));
        closed.clear();
    }
}

BOOST_AUTO_TEST_CASE(an_open_session_that_is_admitted_again_is_left_alone) {
    (void)get();
    admit();
    admit();
    BOOST_TEST(closed.empty());
    BOOST_TEST(server.session_count() == 1U);
}

BOOST_AUTO_TEST_CASE(without_a_verdict_in_time_a_request_is_refused) {
    const auto poll = get();
    const auto websocket = shake_hands();
    BOOST_TEST((server.next_deadline() == now + 45s));
    server.sweep(now + 45s);
    for (const auto& response : {poll->response, websocket->response}) {
        BOOST_REQUIRE(response);
        BOOST_TEST(response->status == 503);
    }
    BOOST_TEST(!server.next_deadline());
    BOOST_TEST(log.lines.size() == 2U);
}

BOOST_AUTO_TEST_CASE(so_many_may_wait) {
    std::vector<std::shared_ptr<fake::exchange>> waiting;
    for (std::size_t i = 0; i < eio::gate::bound; ++i)
        waiting.push_back(get());
    BOOST_TEST(!waiting.back()->response);
    BOOST_TEST(get()->response->status == 503);
}

BOOST_AUTO_TEST_CASE(those_that_wait_count_as_sessions) {
    eio::config options;
    options.max_sessions = 1;
    fixture f(options);
    const auto first = f.get();
    BOOST_TEST(f.get()->response->status == 503);
    BOOST_TEST(!first->response);
}

BOOST_AUTO_TEST_CASE(who_waits_is_answered_at_the_end) {
    const auto asked = get();
    server.close_all(eio::close_reason::server_shutdown, now);
    BOOST_TEST(asked->response->status == 503);
}

BOOST_AUTO_TEST_CASE(messages_are_heard_as_they_are_until_a_thousand_are_unhandled) {
    const auto asked = shake_hands();
    admit();
    auto& peer = *asked->opened;
    peer.owner->on_frame(peer, "4", false, now);
    peer.owner->on_frame(peer, "4{\"a\":1}", false, now);
    peer.owner->on_frame(peer, "\x01\xff", true, now);
    BOOST_TEST((heard == lines{"", "{\"a\":1}", "<\x01\xff"}));
    for (int i = 3; i < 1'000; ++i)
        peer.owner->on_frame(peer, "4", false, now);
    BOOST_TEST(peer.paused);
    server.find(applicants[0])->remove_unhandled(500, now);
    BOOST_TEST(!peer.paused);
}

BOOST_AUTO_TEST_CASE(without_interest_all_are_let_in_and_messages_end_here) {
    raw.set_interest({});
    const auto asked = get();
    BOOST_REQUIRE(asked->response);
    BOOST_TEST(applicants.empty());
    const auto sid = server.sids().at(0);
    auto post = fake::world::request("EIO=4&transport=polling&sid=" + sid, "POST");
    post.body = "4ignored";
    server.on_request(std::move(post), std::make_shared<fake::exchange>(), now);
    BOOST_TEST(heard.empty());
    server.find(sid)->close(eio::close_reason::server_disconnect, now);
    BOOST_TEST((closed == lines{sid + " server disconnect"}));
}

BOOST_AUTO_TEST_CASE(a_client_knows_its_session_by_the_name_that_it_was_given) {
    eio::config options;
    options.cookie_name = "io";
    fixture f(options);
    const auto asked = f.get();
    f.admit("alice");
    BOOST_REQUIRE(asked->response);
    BOOST_TEST(asked->response->body.starts_with("0{\"sid\":\"alice\","));
    BOOST_TEST(asked->response->headers.back().value == "io=alice");
    const auto poll = f.get("alice");
    BOOST_TEST(!poll->response);
    f.send(f.applicants[0], "hello");
    BOOST_TEST(poll->response->body == "4hello");
    f.server.find(f.applicants[0])->close(eio::close_reason::server_disconnect, f.now);
    BOOST_TEST(f.get("alice")->response->status == 400);
    (void)f.get();
    f.admit("alice"); // free again
    BOOST_TEST(f.server.session_count() == 1U);
}

BOOST_AUTO_TEST_CASE(two_sessions_never_have_one_name) {
    (void)get();
    admit("alice");
    const auto second = get();
    admit("alice");
    BOOST_TEST(second->response->status == 500);
    BOOST_TEST((server.sids() == lines{applicants[0]}));
    BOOST_TEST((closed == lines{applicants[1] + " transport close"}));
}

BOOST_AUTO_TEST_CASE(sending_to_nobody_is_logged) {
    send("nobody", "x");
    BOOST_TEST((log.lines == lines{"Cannot send to sid nobody"}));
}

BOOST_AUTO_TEST_SUITE_END()
