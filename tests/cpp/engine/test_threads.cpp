// Start and end, and everything at once: the latter for ThreadSanitizer above all.
#include "engine/world.hpp"

#include <atomic>
#include <deque>
#include <stdexcept>
#include <thread>

using namespace fake;

BOOST_AUTO_TEST_SUITE(life)

BOOST_AUTO_TEST_CASE(an_engine_has_one_to_sixty_four_threads) {
    engine::config options;
    for (const unsigned wrong : {0U, 65U}) {
        options.threads = wrong;
        BOOST_CHECK_THROW(engine::engine{options}, std::invalid_argument);
    }
    options.threads = 64;
    engine::engine most(options);
    most.start();
    BOOST_TEST(most.namespaces().empty());
}

BOOST_AUTO_TEST_CASE(the_clients_of_every_shard_are_told_of_the_end) {
    application app;
    std::deque<client> clients;
    for (unsigned i = 0; i < 2 * threads; ++i)
        clients.emplace_back(app.port);
    app.in.emit("/", {}, {"[\"last\"]", {}}, 0);
    app.in.close(2s);
    for (auto& each : clients) {
        BOOST_TEST(each.receive_frame() == "42[\"last\"]");
        BOOST_TEST(each.receive_frame() == big_endian(1012, 2)); // service restart
        BOOST_TEST(each.ends());
    }
    for (unsigned i = 0; i < 2 * threads; ++i)
        (void)app.next<sio::disconnect_event>();
    BOOST_TEST(!app.in.running());
}

BOOST_AUTO_TEST_CASE(an_engine_starts_again) {
    application app;
    {
        client before(app.port);
    }
    app.in.close(0s);
    app.emit({}, "nobody", {}, 5);
    BOOST_TEST(app.next<sio::acks_done_event>().token == 5U);
    app.in.start();
    app.port = app.in.listen("127.0.0.1", 0, "/socket.io/").second;
    client after(app.port);
    app.emit({}, "hello");
    BOOST_TEST(after.events_until("hello") == "hello");
}

BOOST_AUTO_TEST_CASE(clients_come_and_go_while_several_threads_command) {
    application app;
    std::atomic<bool> over = false;
    std::vector<std::thread> commanding;
    for (int number = 0; number < 2; ++number)
        commanding.emplace_back([&, number] {
            const auto room = "room " + std::to_string(number);
            for (sio::ack_token token = 1; !over; ++token) {
                for (const auto& [sid, eio_sid] : app.in.participants("/", {})) {
                    (void)app.in.enter_room(sid, "/", room);
                    app.emit({{sid}}, "one");
                }
                app.in.begin_burst(engine::first_post::wakes);
                app.emit({{room}}, "room", {}, token % 2 == 0 ? token : 0);
                app.in.forget_token(token);
                app.in.end_burst();
                (void)app.in.room_names("/");
                (void)app.in.close_room(room, "/");
            }
        });
    for (int round = 0; round < 10; ++round) {
        std::deque<client> clients;
        for (unsigned i = 0; i < 2 * threads; ++i)
            clients.emplace_back(app.port);
        peer polling(app.port);
        for (unsigned i = 0; i < threads; ++i) {
            const auto query =
                "transport=polling&sid=" + sid_in(polling.get("transport=polling").second);
            BOOST_TEST(polling.post(query, "40").second == "ok");
            BOOST_TEST(polling.post(query, "1").second == "ok");
        }
        app.emit({}, "round " + std::to_string(round));
        for (auto& each : clients)
            (void)each.events_until("round " + std::to_string(round));
    }
    over = true;
    for (auto& each : commanding)
        each.join();
    app.in.close(2s);
    BOOST_TEST(app.count<sio::disconnect_event>() == 10 * 3 * threads);
}

BOOST_AUTO_TEST_SUITE_END()
