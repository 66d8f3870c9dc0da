#include "net/frames.hpp"
#include "net/listener.hpp"
#include "net/origin_judge.hpp"
#include "net/world.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>

using namespace fake;

namespace {

// Keeps the questions, to be answered when the test likes.
struct late_judge final : net::origin_judge {
    void judge(std::shared_ptr<const eio::http_request> request, std::function<void(bool)> answered)
        override {
        asked.emplace_back(request->header("Origin"));
        waiting.push_back(std::move(answered));
    }
    void answer(bool allowed) {
        const auto next = std::move(waiting.front());
        waiting.pop_front();
        next(allowed);
    }
    std::deque<std::string> asked;
    std::deque<std::function<void(bool)>> waiting;
};

eio::config asking() {
    eio::config options;
    options.cors.ask_application = true;
    options.cors.origins.emplace(); // none but those that the judge allows
    return options;
}

struct fixture {
    fixture() : shard(asking(), {}, &judge), door(shard.context, "127.0.0.1", 0, "/socket.io/") {}
    client connect() { return {shard, door.local_endpoint().second}; }
    void await_question(std::size_t count = 1) {
        BOOST_REQUIRE(shard.run_until([&] { return judge.waiting.size() >= count; }));
    }
    static std::string opening(const std::string& headers, const char* transport = "polling") {
        return std::string("GET /socket.io/?EIO=4&transport=") + transport +
               " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
    }
    static int status(client& of) {
        const auto head = of.receive_through("\r\n\r\n");
        const auto length = head.find("Content-Length: ");
        if (length != head.npos)
            static_cast<void>(of.receive(std::stoul(head.substr(length + 16))));
        return std::stoi(head.substr(9, 3));
    }

    late_judge judge; // outlives the connections that ask it
    fake::shard shard;
    net::listener door;
};

const std::string upgrade =
    "Origin: http://x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

} // namespace

BOOST_FIXTURE_TEST_SUITE(origin_judge, fixture)

BOOST_AUTO_TEST_CASE(a_request_waits_for_the_verdict_on_its_origin) {
    auto one = connect();
    one.send(opening("Origin: http://x\r\n"));
    await_question();
    BOOST_TEST(judge.asked.front() == "http://x");
    BOOST_TEST(shard.server.session_count() == 0U);
    judge.answer(true);
    BOOST_TEST(status(one) == 200);
    auto other = connect();
    other.send(opening("Origin: http://y\r\n"));
    await_question();
    judge.answer(false);
    BOOST_TEST(status(other) == 403);
}

BOOST_AUTO_TEST_CASE(a_request_without_an_origin_waits_for_nobody) {
    auto one = connect();
    one.send(opening(""));
    BOOST_TEST(status(one) == 200);
    BOOST_TEST(judge.asked.empty());
}

BOOST_AUTO_TEST_CASE(a_websocket_opens_after_the_verdict_and_reads_what_came_meanwhile) {
    auto one = connect();
    one.send(opening(upgrade, "websocket"));
    await_question();
    judge.answer(true);
    BOOST_TEST(status(one) == 101);
    one.send(frame(0x81, "4hello"));
    BOOST_TEST(one.receive_through("4hello").ends_with("4hello"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_leaves_is_not_waited_for) {
    {
        auto one = connect();
        one.send(opening("Origin: http://x\r\n"));
        await_question();
        auto two = connect();
        two.send(opening(upgrade, "websocket"));
        await_question(2);
        two.reset();
    }
    BOOST_TEST(shard.run_until([&] { return *shard.context.connections == 0U; }));
    judge.answer(true);
    judge.answer(true);
    BOOST_TEST(shard.server.session_count() == 0U);
}

BOOST_AUTO_TEST_CASE(requests_behind_one_that_waits_keep_their_order) {
    auto one = connect();
    one.send(opening("Origin: http://x\r\n") + opening("") + opening("Origin: http://y\r\n"));
    await_question();
    BOOST_TEST(one.received.empty());
    judge.answer(false);
    BOOST_TEST(status(one) == 403);
    await_question();
    judge.answer(true);
    BOOST_TEST(status(one) == 200);
    BOOST_TEST(status(one) == 200);
}

BOOST_AUTO_TEST_CASE(a_stranger_at_another_path_is_explained_once) {
    auto one = connect();
    for (int i = 0; i < 2; ++i) {
        one.send("GET /other/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n");
        BOOST_TEST(status(one) == 404);
    }
    BOOST_REQUIRE(shard.log.lines.size() == 1U);
    BOOST_TEST(
        shard.log.lines[0] ==
        "a Socket.IO client asks for \"/other/\", but the path is \"/socket.io/\"");
}

BOOST_AUTO_TEST_SUITE_END()
