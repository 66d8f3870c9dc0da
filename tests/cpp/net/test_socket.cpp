#include "net/socket.hpp"
#include "net/world.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace fake;

namespace {

// Reads as the test says, `size` bytes at a time.
struct reader final : net::socket_user, std::enable_shared_from_this<reader> {
    explicit reader(std::unique_ptr<net::socket> of) : socket(std::move(of)) {}

    void on_readable() noexcept override {
        ++called;
        std::string bytes(size, '\0');
        net::error_code error;
        bytes.resize(socket->receive(bytes, error));
        read += bytes;
        ended = error == net::asio::error::eof;
        if (closes)
            socket->close();
        else if (!ended)
            socket->await_readable(shared_from_this());
    }
    void on_writable() noexcept override { ++writable; }

    std::unique_ptr<net::socket> socket;
    std::string read;
    std::size_t size = 1000;
    int called = 0;
    int writable = 0;
    bool ended = false;
    bool closes = false;
};

struct fixture {
    fixture() {
        const auto [ours, theirs] = tcp_pair();
        user = std::make_shared<reader>(shard.socket_of(ours));
        peer.emplace(shard, theirs);
    }
    void await() { user->socket->await_readable(user); }

    fake::shard shard;
    std::shared_ptr<reader> user;
    std::optional<client> peer;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(sockets, fixture)

BOOST_AUTO_TEST_CASE(what_a_read_has_left_behind_is_reported_again) {
    user->size = 3;
    await();
    peer->send("12345678");
    BOOST_TEST(shard.run_until([&] { return user->read == "12345678"; }));
    BOOST_TEST(user->called == 3);
}

BOOST_AUTO_TEST_CASE(an_end_behind_bytes_is_seen) {
    peer->send("last");
    peer->close();
    await();
    BOOST_TEST(shard.run_until([&] { return user->ended; }));
    BOOST_TEST(user->read == "last");
}

BOOST_AUTO_TEST_CASE(an_end_that_comes_later_is_seen) {
    await();
    peer->send("last");
    BOOST_TEST(shard.run_until([&] { return user->read == "last"; }));
    peer->close();
    BOOST_TEST(shard.run_until([&] { return user->ended; }));
}

BOOST_AUTO_TEST_CASE(what_arrives_while_nobody_waits_is_reported_to_who_waits_then) {
    peer->send("early");
    shard.loop.restart();
    shard.loop.poll();
    BOOST_TEST(user->called == 0);
    await();
    BOOST_TEST(user->called == 0); // never from await_readable()
    BOOST_TEST(shard.run_until([&] { return user->read == "early"; }));
}

BOOST_AUTO_TEST_CASE(room_is_reported_each_time_that_it_is_waited_for) {
    for (int round = 1; round <= 2; ++round) {
        net::output_queue much;
        const std::string block(1 << 20, 'x');
        std::size_t offered = 0;
        do {
            much.append_copy(block);
            offered += block.size();
            BOOST_REQUIRE(!user->socket->send(much));
        } while (much.empty());
        user->socket->await_writable(user);
        BOOST_TEST(peer->receive(offered - much.size()).size() > 0u);
        BOOST_TEST(shard.run_until([&] { return user->writable == round; }));
    }
}

BOOST_AUTO_TEST_CASE(one_that_is_closed_hears_no_more_of_what_was_found_with_it) {
    const auto [ours, theirs] = tcp_pair();
    client second_peer(shard, theirs);
    const auto second = std::make_shared<reader>(shard.socket_of(ours));
    // Whoever is told first ends both, itself too.
    struct ending final : net::socket_user {
        void on_readable() noexcept override {
            ++called;
            sockets.clear();
        }
        void on_writable() noexcept override {}
        std::vector<std::unique_ptr<net::socket>> sockets;
        int called = 0;
    };
    const auto both = std::make_shared<ending>();
    both->sockets.push_back(std::move(user->socket));
    both->sockets.push_back(std::move(second->socket));
    for (const auto& each : both->sockets)
        each->await_readable(both);
    peer->send("a");
    second_peer.send("b");
    BOOST_TEST(shard.run_until([&] { return both->called > 0; }));
    shard.loop.restart();
    shard.loop.poll();
    BOOST_TEST(both->called == 1);
}

BOOST_AUTO_TEST_CASE(who_waits_is_kept_alive_until_the_socket_closes) {
    user->closes = true;
    await();
    const std::weak_ptr<reader> watched = user;
    user.reset();
    BOOST_TEST(!watched.expired());
    peer->send("x");
    BOOST_TEST(shard.run_until([&] { return watched.expired(); }));
}

BOOST_AUTO_TEST_CASE(a_descriptor_that_is_given_away_is_polled_no_more) {
    await();
    const auto away = user->socket->release();
    user->socket->close();
    peer->send("x");
    shard.loop.restart();
    shard.loop.poll();
    BOOST_TEST(user->called == 0);
    const auto again = std::make_shared<reader>(shard.socket_of(::dup(away.get())));
    again->socket->await_readable(again);
    BOOST_TEST(shard.run_until([&] { return again->read == "x"; }));
    again->socket->close();
}

BOOST_AUTO_TEST_CASE(a_loop_without_sockets_can_end) {
    await();
    user->socket->close();
    shard.loop.restart();
    shard.loop.run();
    BOOST_TEST(shard.loop.stopped());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_polled_is_an_error) {
    const int none = ::dup(STDERR_FILENO);
    ::close(none);
    BOOST_CHECK_THROW((void)shard.socket_of(none), std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
