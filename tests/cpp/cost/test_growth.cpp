// Nothing that is done for one client grows with how many others there are: steps are counted, with
// few clients and with many.
#include "cost/steps.hpp"
#include "eio/world.hpp"
#include "sio/server.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace {

constexpr std::size_t few = 50;
constexpr std::size_t many = 3'000;
constexpr std::uint64_t slack = 3; // heaps are a few levels higher, tables have longer probes

// Clients in "/" and in a room of all.
struct crowd final : sio::event_sink {
    explicit crowd(std::size_t count)
        : sio({}, *this, log, sids),
          eio({}, sio, sids, log, {.schedule_flush = [] {}, .ask_relay = [] {}}) {
        sio::interest wanted;
        wanted.namespaces = {"/"};
        wanted.handlers["/"].insert("connect");
        sio.set_interest(std::move(wanted));
        for (std::size_t i = 0; i < count; ++i)
            join();
    }
    void on_event(sio::server_event&& event) override {
        if (const auto* joined = std::get_if<sio::connect_event>(&event))
            members.push_back(joined->sid);
        if (const auto* left = std::get_if<sio::disconnect_event>(&event))
            leaving.push_back(left->sid);
    }
    void join() {
        auto opened = std::make_shared<fake::websocket>();
        eio.attach_websocket({}, fake::world::request("EIO=4&transport=websocket"), opened, now);
        opened->owner->on_frame(*opened, "40", false, now);
        sio.accept(members.back(), "/");
        (void)sio.enter_room(members.back(), "/", "everybody");
        connections.push_back(std::move(opened));
        turn();
    }
    // A connection breaks, and the disconnect handlers end.
    void leave(fake::websocket& broken) {
        broken.owner->on_transport_closed(broken, true, now);
        for (const auto& sid : std::exchange(leaving, {}))
            sio.disconnect_done(sid, "/");
    }
    void turn() {
        while (eio.unfinished())
            eio.flush(now);
    }

    fake::no_log log;
    base::sid_source sids;
    base::time_point now{std::chrono::hours(1)};
    std::vector<base::sid> members;
    std::vector<base::sid> leaving;
    std::vector<std::shared_ptr<fake::websocket>> connections;
    sio::server sio;
    eio::server eio;
};

// `work` costs with many clients what it costs with few, and it is there at all.
template <class Work>
void check_same(const Work& work) {
    crowd small(few);
    crowd large(many);
    const auto with_few = steps::of([&] { work(small); });
    const auto with_many = steps::of([&] { work(large); });
    BOOST_TEST_MESSAGE(with_few << " steps with few, " << with_many << " with many");
    BOOST_TEST(with_few > 0U);
    BOOST_TEST(with_many <= slack * with_few);
}

} // namespace

BOOST_AUTO_TEST_SUITE(growth)

BOOST_AUTO_TEST_CASE(steps_are_counted) {
    crowd all(few);
    const sio::selection everybody{{{"everybody"}}, {}};
    const auto one = steps::of([&] { all.sio.emit("/", everybody, {"[\"e\"]", {}}, 0); });
    BOOST_TEST(one >= few);
}

BOOST_AUTO_TEST_CASE(a_client_asks_for_its_rooms_among_many_clients) {
    check_same([](crowd& all) { (void)all.sio.rooms(all.members[few / 2], "/"); });
}

BOOST_AUTO_TEST_CASE(a_client_enters_and_leaves_a_room_of_many) {
    check_same([](crowd& all) {
        const auto sid = all.members[few / 2];
        all.sio.leave_room(sid, "/", "everybody");
        (void)all.sio.enter_room(sid, "/", "everybody");
    });
}

BOOST_AUTO_TEST_CASE(an_emit_costs_what_its_receivers_cost) {
    check_same([](crowd& all) {
        all.sio.emit("/", {{{all.members[3].str()}}, {}}, {"[\"e\"]", {}}, 0);
        all.sio.emit("/", {{{all.members[4].str()}}, {}}, {"[\"e\"]", {}}, 7);
        all.turn();
    });
}

BOOST_AUTO_TEST_CASE(one_of_many_leaves) {
    check_same([](crowd& all) {
        all.leave(*all.connections[few / 2]);
        all.turn();
    });
}

BOOST_AUTO_TEST_CASE(all_leave_at_once_and_each_costs_the_same) {
    const auto each = [](std::size_t count) {
        crowd all(count);
        return steps::of([&] {
                   for (const auto& broken : all.connections)
                       broken->owner->on_transport_closed(*broken, true, all.now);
                   all.turn();
                   for (const auto& sid : std::exchange(all.leaving, {}))
                       all.sio.disconnect_done(sid, "/");
               }) /
               count;
    };
    const auto of_few = each(few);
    const auto of_many = each(many);
    BOOST_TEST_MESSAGE(of_few << " steps each of few, " << of_many << " of many");
    BOOST_TEST(of_many <= slack * of_few);
}

BOOST_AUTO_TEST_CASE(a_client_of_many_rooms_leaves_and_each_room_costs_the_same) {
    const auto each = [](std::size_t rooms) {
        crowd all(few);
        for (std::size_t i = 0; i < rooms; ++i)
            for (const auto& sid : {all.members[0], all.members[1]})
                (void)all.sio.enter_room(sid, "/", "room " + std::to_string(i));
        return steps::of([&] { all.leave(*all.connections[0]); }) / rooms;
    };
    const auto of_few = each(few);
    const auto of_many = each(many);
    BOOST_TEST_MESSAGE(of_few << " steps for each of few rooms, " << of_many << " of many");
    BOOST_TEST(of_many <= slack * of_few);
}

BOOST_AUTO_TEST_CASE(a_sweep_looks_at_those_that_are_due) {
    check_same([](crowd& all) {
        all.eio.sweep(all.now + std::chrono::seconds(1));
        all.sio.sweep(all.now + std::chrono::seconds(1));
    });
}

BOOST_AUTO_TEST_SUITE_END()
