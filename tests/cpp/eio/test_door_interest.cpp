// What the application wants of requests: verdicts about them, and to hear of those refused.
#include "eio/server.hpp"
#include "eio/world.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace fake;

namespace {

struct fixture {
    fixture()
        : server(
              {},
              app,
              sids,
              log,
              {.schedule_flush = [] {},
               .ask_relay = [] {},
               .ask_application =
                   [this](const base::sid& sid, eio::transport_kind kind) {
                       applicants.emplace_back(sid.str(), kind);
                   },
               .tell_refused =
                   [this](eio::refused_request&& each) { refused.push_back(std::move(each)); }}) {}

    std::shared_ptr<exchange> ask(eio::http_request request) {
        auto asked = std::make_shared<exchange>();
        server.on_request(std::move(request), asked, now);
        while (server.unfinished())
            server.flush(now);
        return asked;
    }

    application app;
    no_log log;
    base::sid_source sids;
    base::time_point now{1h};
    eio::server server;
    std::vector<std::pair<std::string, eio::transport_kind>> applicants;
    std::vector<eio::refused_request> refused;
};

const std::string poll = "EIO=4&transport=polling";

} // namespace

BOOST_FIXTURE_TEST_SUITE(door_interest, fixture)

BOOST_AUTO_TEST_CASE(a_request_waits_for_its_verdict_only_if_that_is_wanted) {
    BOOST_TEST(ask(world::request(poll))->response.has_value());
    BOOST_TEST(applicants.empty());
    server.set_interest({.decides = true});
    const auto asked = ask(world::request(poll));
    BOOST_TEST(!asked->response);
    BOOST_REQUIRE(applicants.size() == 1U);
    BOOST_TEST((applicants[0].second == eio::transport_kind::polling));
    server.admit(applicants[0].first, {}, now, {{"X-For", "you"}});
    server.flush(now);
    BOOST_REQUIRE(asked->response);
    BOOST_TEST(asked->response->headers.back().value == "you");
    BOOST_TEST((app.last != nullptr));
}

BOOST_AUTO_TEST_CASE(who_is_refused_gets_no_session) {
    server.set_interest({.decides = true});
    const auto asked = ask(world::request(poll));
    server.refuse(applicants.at(0).first, 403, "{}");
    BOOST_TEST(asked->response.value().status == 403);
    BOOST_TEST(server.session_count() == 0U);
    auto handshake = world::request("EIO=4&transport=websocket");
    BOOST_TEST(std::holds_alternative<eio::verdict_needed>(server.admit_websocket(handshake)));
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
