// What a client takes of the heap, and what an event does, on the shard's thread.
#include "cost/allocations.hpp"
#include "engine/outbox.hpp"
#include "engine/shards.hpp"
#include "engine/world.hpp"
#include "sio/server.hpp"

#include <deque>
#include <future>

using namespace fake;

namespace {

// One shard whose thread is counted.
struct fixture {
    fixture() {
        std::promise<std::uint16_t> bound;
        auto known = bound.get_future();
        all[0].post([bound = std::move(bound)](engine::shard_context& in) mutable {
            allocations::count_this_thread();
            sio::interest wanted;
            wanted.namespaces = {"/"};
            wanted.handlers["/"].insert("message");
            in.sio().set_interest(std::move(wanted));
            bound.set_value(in.listen("127.0.0.1", 0, "/socket.io/").second);
        });
        port = known.get();
    }
    // When the shard has nothing more to do for what it has been asked and told.
    allocations::totals settled() {
        for (int turn = 0; turn < 3; ++turn) {
            std::promise<void> reached;
            all[0].post([&](engine::shard_context&) { reached.set_value(); }, engine::urgency::now);
            reached.get_future().get();
        }
        out->wake.clear();
        out->box.take(told);
        told.clear();
        return allocations::counted();
    }
    void wait_until_told() {
        pollfd wake{out->wake.readable_end(), POLLIN, 0};
        BOOST_REQUIRE(::poll(&wake, 1, 5000) == 1);
    }

    std::shared_ptr<engine::outbox> out = std::make_shared<engine::outbox>();
    engine::shards all{{}, out};
    std::uint16_t port = 0;
    std::vector<engine::notification> told;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(memory, fixture)

// The kernel's part comes on top: a socket and its buffers.
BOOST_AUTO_TEST_CASE(an_idle_client_in_a_namespace_takes_a_kilobyte) {
    constexpr std::size_t count = 200;
    std::deque<client> clients;
    clients.emplace_back(port); // what is allocated once
    const auto before = settled();
    for (std::size_t i = 0; i < count; ++i)
        clients.emplace_back(port);
    const auto joined = settled();
    const auto each = (joined.live_bytes - before.live_bytes) / count;
    BOOST_TEST_MESSAGE("bytes for each client: " << each);
    BOOST_TEST(each <= 1'050U);

    all[0].post([&](engine::shard_context& in) {
        for (const auto& one : clients)
            (void)in.sio().enter_room(one.sid, "/", "the room of " + one.sid);
    });
    const auto room = (settled().live_bytes - joined.live_bytes) / count;
    BOOST_TEST_MESSAGE("bytes for a room that it alone is in: " << room);
    BOOST_TEST(room <= 250U);
}

BOOST_AUTO_TEST_CASE(a_client_that_has_gone_leaves_nothing) {
    constexpr std::size_t count = 50;
    constexpr std::size_t rounds = 20;
    const auto come_and_go = [&] {
        {
            std::deque<client> clients;
            for (std::size_t i = 0; i < count; ++i)
                clients.emplace_back(port);
        }
        for (std::size_t gone = 0; gone < count;) {
            wait_until_told();
            out->wake.clear();
            out->box.take(told);
            for (const auto& each : told) {
                if (const auto* left = std::get_if<sio::disconnect_event>(&each))
                    all[0].post([sid = left->sid](engine::shard_context& in) {
                        in.sio().disconnect_done(sid, "/"); // its handler has ended
                    });
                gone += std::holds_alternative<sio::session_closed_event>(each) ? 1U : 0U;
            }
        }
        return settled().live_bytes;
    };
    const auto once = come_and_go();
    auto at_last = once;
    for (std::size_t round = 0; round < rounds; ++round)
        at_last = come_and_go();
    // Queues keep their room, which may still grow a little; the least that a client could leave is
    // a block of 32 bytes.
    BOOST_TEST(at_last < once + rounds * count * 32 / 2);
}

// The JSON text, when it is longer than a string holds by itself: it must outlive the frame.
BOOST_AUTO_TEST_CASE(a_small_event_is_one_allocation_until_python_takes_it) {
    client sending(port);
    const auto made_by = [&](const std::string& text) {
        const auto before = settled().made;
        sending.send_frame(text);
        wait_until_told();
        return settled().made - before;
    };
    const std::string event = "42[\"message\",\"what it says\"]";
    const std::string asking = "427[\"message\",{\"what\":\"is said\"}]";
    for (const auto& text : {event, asking, event, asking}) // until the queues have room
        (void)made_by(text);
    BOOST_TEST(made_by(event) == 1U);
    BOOST_TEST(made_by(asking) == 1U);
    BOOST_TEST(made_by("42[\"message\"]") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
