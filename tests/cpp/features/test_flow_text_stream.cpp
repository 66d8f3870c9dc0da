// Texts that grow: merged in windows, in order, resumed and cancelled.
#include "features/flow/text_stream.hpp"
#include "world.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

using features::flow::emission;
using features::flow::text_streams;
using namespace std::chrono_literals;

namespace {

struct fixture : fake::feature_world {
    fixture() { feature = &streams; }
    void open(std::size_t max_bytes = 1'000, sio::selection whom = {}) {
        streams.open({"s", "/", std::move(whom), "\"tok\"", 30ms, 60s, max_bytes}, now);
    }
    void append(const std::string& text) {
        streams.append("s", text, now);
        turn();
    }
    void end(const std::string& error = {}) {
        streams.end("s", error, now);
        turn();
    }

    std::string cancelled;
    text_streams streams{
        rooms,
        {.send = [this](emission&& out) { rooms.emit(out.nsp, out.whom, out.args); },
         .ask = [this](features::flow::stream_request&& asked) { streams.answer(asked); },
         .on_cancelled = [this](const std::string& id) { cancelled += id; }}};
};

std::string piece(int after, int seq, const std::string& text, const std::string& rest = "") {
    return "42[\"tok\",{\"stream\":\"s\",\"after\":" + std::to_string(after) +
           ",\"seq\":" + std::to_string(seq) + ",\"text\":\"" + text + "\"" + rest + "}]";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(streams_of_text, fixture)

BOOST_AUTO_TEST_CASE(the_first_piece_goes_at_once_and_what_follows_in_windows) {
    auto client = visit();
    open();
    append("a\"");
    BOOST_TEST(sent(*client) == piece(0, 1, "a\\\""));
    append("b");
    append("c");
    BOOST_TEST(sent(*client) == "");
    pass(30ms);
    BOOST_TEST(sent(*client) == piece(1, 2, "bc"));
    pass(30ms);
    BOOST_TEST(!streams.next_deadline());
    append("d");
    append("e");
    end();
    BOOST_TEST(sent(*client) == piece(2, 3, "d") + piece(3, 4, "e", ",\"done\":true"));
    append("f");
    end();
    pass(30ms);
    BOOST_TEST(sent(*client) == "");
    pass(60s);
    BOOST_TEST(streams.count() == 0);
}

BOOST_AUTO_TEST_CASE(who_has_missed_some_gets_it_and_then_what_follows) {
    open(1'000, {.rooms = {{"room"}}, .skip_sids = {}});
    append("a");
    append("b");
    pass(30ms);
    append("c");
    auto client = visit();
    BOOST_TEST(
        tell(*client, "421[\"stream:resume\",{\"stream\":\"s\",\"seq\":1}]") ==
        piece(1, 2, "b") + "431[{\"ok\":true}]");
    pass(30ms);
    BOOST_TEST(sent(*client) == piece(2, 3, "c"));
    BOOST_TEST(
        tell(*client, "421[\"stream:resume\",{\"stream\":\"s\",\"seq\":3}]") ==
        "431[{\"ok\":true}]");
    end("failed");
    BOOST_TEST(sent(*client) == piece(3, 4, "", ",\"done\":true,\"error\":\"failed\""));
    BOOST_TEST(
        tell(*visit(), "42[\"stream:resume\",{\"stream\":\"s\"}]") ==
        piece(0, 4, "abc", ",\"done\":true,\"error\":\"failed\""));
}

BOOST_AUTO_TEST_CASE(what_is_not_kept_cannot_be_resumed) {
    auto client = visit();
    open(4);
    for (const auto* each : {"aaa", "bbb", "ccc"}) {
        append(each);
        pass(60ms);
    }
    client->sent.clear();
    BOOST_TEST(
        tell(*client, "421[\"stream:resume\",{\"stream\":\"s\",\"seq\":1}]").find("not kept") !=
        std::string::npos);
    BOOST_TEST(tell(*client, "421[\"stream:resume\",{\"stream\":\"s\",\"seq\":2}]")
                   .starts_with(piece(2, 3, "ccc")));
    BOOST_TEST(
        tell(*client, "421[\"stream:resume\",{\"stream\":\"s\",\"seq\":4}]").find("not come") !=
        std::string::npos);
    BOOST_TEST(app.take().empty());
}

BOOST_AUTO_TEST_CASE(a_client_cancels_once) {
    auto client = visit();
    open();
    append("a");
    BOOST_TEST(tell(*client, "421[\"stream:cancel\",{\"stream\":\"s\"}]") == "431[{\"ok\":true}]");
    (void)tell(*client, "42[\"stream:cancel\",{\"stream\":\"s\"}]");
    BOOST_TEST(cancelled == "s");
    append("b");
    pass(30ms);
    BOOST_TEST(sent(*client) == "");
    end("cancelled");
    BOOST_TEST(sent(*client).find("cancelled") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(requests_that_mean_nothing_are_refused) {
    auto client = visit();
    open();
    for (const auto* wrong :
         {"",
          ",1",
          ",\"s\"",
          ",{}",
          ",{\"stream\":\"t\"}",
          ",{\"stream\":\"s\",\"seq\":\"x\"}",
          ",{\"stream\":\"s\",\"seq\":-1}",
          ",{\"stream\":[\"s\"]}"})
        for (const auto* name : {"stream:resume", "stream:cancel"})
            BOOST_TEST(
                tell(*client, std::string("421[\"") + name + "\"" + wrong + "]")
                    .starts_with("431[{\"ok\":false"),
                wrong);
    BOOST_TEST(cancelled == "");
}

BOOST_AUTO_TEST_SUITE_END()
