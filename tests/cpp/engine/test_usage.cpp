// The socket event `usage`, and who is told which models are in use: with no application about.
#include "engine/usage.hpp"
#include "engine/world.hpp"

#include <deque>
#include <memory>

using namespace fake;

namespace {

struct fixture {
    fixture() {
        app.in.hold_time();
        engine::usage::usage_options options;
        options.broadcast = "models";
        engine::usage::listen(app.in, meter, options);
        for (unsigned i = 0; i < threads; ++i)
            clients.emplace_back(app.port);
        app.in.catch_up();
    }
    void all_receive(const std::string& frame) {
        for (auto& each : clients)
            BOOST_TEST(each.receive_frame() == frame);
    }
    std::shared_ptr<engine::usage::meter> meter =
        std::make_shared<engine::usage::meter>(engine::usage::meter_options{});
    application app;
    std::deque<client> clients; // one on each shard
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(usage_of_clients, fixture)

BOOST_AUTO_TEST_CASE(what_clients_report_is_answered_and_adds_up_over_all_shards) {
    for (auto& each : clients)
        each.send_frame(
            R"(4217["usage",{"model":"m","usage":{"prompt_tokens":3,"completion_tokens":4}}])");
    unsigned answers = 0;
    for (auto& each : clients)
        for (int frames = 0; frames < 2; ++frames) // in either order
            answers += each.receive_frame() == R"(4317[{"ok":true,"duplicate":false}])";
    BOOST_TEST(answers == threads);
    BOOST_REQUIRE(meter->totals().size() == 1);
    BOOST_TEST((meter->totals()[0].sum == engine::usage::counts{9, 12, 21, 3}));
    BOOST_TEST(app.count<sio::message_event>() == 0);
}

BOOST_AUTO_TEST_CASE(
    clients_are_told_of_a_change_and_of_the_end_three_seconds_after_the_last_touch) {
    clients[0].send_frame(R"(42["usage",{"action":"chat","model":"m","chat_id":"c"}])");
    all_receive(R"(42["models",{"models":["m"]}])");
    BOOST_TEST((app.in.pass_time(2s) <= 2s));
    clients[1].send_frame(R"(421["usage",{"action":"chat","model":"m"}])"); // of another shard
    BOOST_TEST(clients[1].receive_frame() == R"(431[{"ok":true,"duplicate":false}])");
    BOOST_TEST(engine::usage::models_in_use(app.in, *meter).size() == 1);
    for (auto left = base::clock::duration(3s); left > 0s;)
        left -= app.in.pass_time(left);
    all_receive(R"(42["models",{"models":[]}])");
    BOOST_TEST(engine::usage::models_in_use(app.in, *meter).empty());
}

BOOST_AUTO_TEST_CASE(a_client_that_is_a_users_reports_for_him) {
    const auto room = std::string(sio::user_room_prefix) + "ann";
    for (auto& each : clients) {
        BOOST_REQUIRE(app.in.enter_room(each.sid, "/", room) == sio::room_result::ok);
        each.send_frame(R"(421["usage",{"model":"m","id":"1","usage":{"prompt_tokens":3}}])");
    }
    // The same id of one user, whichever of his clients sends it.
    unsigned duplicates = 0;
    for (auto& each : clients)
        for (int frames = 0; frames < 2; ++frames) // in either order
            duplicates += each.receive_frame() == R"(431[{"ok":true,"duplicate":true}])";
    BOOST_TEST(duplicates == threads - 1);
    BOOST_TEST(meter->totals()[0].sum.events == 1);
}

BOOST_AUTO_TEST_CASE(bad_reports_are_answered_with_the_reason_and_counted) {
    clients[0].send_frame(R"(421["usage",{"model":"m","usage":{"prompt_tokens":-1}}])");
    BOOST_TEST(
        clients[0].receive_frame() ==
        R"(431[{"ok":false,"error":"token counts must not be negative"}])");
    clients[0].send_frame(R"(422["usage",7])");
    BOOST_TEST(
        clients[0].receive_frame() ==
        R"(432[{"ok":false,"error":"expected an object with a model"}])");
    BOOST_TEST(meter->statistics().refused == 2);
    BOOST_TEST(meter->totals().empty());
}

BOOST_AUTO_TEST_CASE(it_listens_still_when_the_engine_has_been_started_again) {
    app.in.close(0s);
    app.in.start();
    const auto port = app.in.listen("127.0.0.1", 0, "/socket.io/").second;
    sio::interest wanted;
    wanted.namespaces = {"/"};
    app.in.set_interest(std::move(wanted));
    client another(port);
    another.send_frame(R"(421["usage",7])");
    BOOST_TEST(another.receive_frame().starts_with("431"));
}

BOOST_AUTO_TEST_SUITE_END()
