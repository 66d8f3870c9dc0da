#include "eio/wire_log.hpp"
#include "eio/world.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

const std::string once = " (further occurrences of this error will be logged with level INFO)";

eio::config verbose() {
    eio::config options;
    options.verbose = true;
    return options;
}

} // namespace

BOOST_AUTO_TEST_SUITE(wire_log)

BOOST_AUTO_TEST_CASE(a_reason_to_refuse_is_an_error_once_and_then_silent) {
    fake::world world;
    for (int i = 0; i < 3; ++i)
        (void)world.ask(fake::world::request("EIO=4&transport=smoke"));
    (void)world.get("unknown");
    (void)world.get("another");
    BOOST_TEST(
        world.log.lines == (std::vector<std::string>{
                               "40 Invalid transport" + once, "40 Invalid session unknown" + once}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_wants_every_line_has_the_reason_each_time) {
    fake::world world(verbose());
    for (int i = 0; i < 2; ++i)
        (void)world.ask(fake::world::request("EIO=3&transport=polling"));
    const std::string text =
        "The client is using an unsupported version of the Socket.IO or Engine.IO protocols";
    BOOST_TEST(
        world.log.lines == (std::vector<std::string>{"40 " + text + once, "20 " + text}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_strangers_word_stays_on_its_line) {
    fake::world world;
    auto foreign = fake::world::request("EIO=4&transport=polling");
    foreign.headers.push_back({"Origin", "http://a\n\xC3\xA9" + std::string(500, 'x')});
    (void)world.ask(foreign);
    (void)world.get("%0Asid%FF");
    BOOST_REQUIRE(world.log.lines.size() == 2U);
    BOOST_TEST(
        world.log.lines[0] ==
        "40 http://a???" + std::string(189, 'x') + " is not an accepted origin." + once);
    BOOST_TEST(world.log.lines[1] == "40 Invalid session ?sid?" + once);
}

BOOST_AUTO_TEST_CASE(packets_are_lines_for_who_wants_every_line) {
    fake::world world(verbose());
    auto peer = world.open_websocket();
    const auto sid = world.app.last->sid().str();
    world.log.lines.clear();
    world.receive(*peer, "4hello");
    world.receive(*peer, "bytes", true);
    world.receive(*peer, "3");
    world.app.last->send({eio::packet_type::message, false, base::bytes("2[\"news\"]")});
    world.app.last->send({eio::packet_type::ping, false, {}});
    world.app.last->send({eio::packet_type::message, true, base::bytes("\xFF")});
    BOOST_TEST(
        world.log.lines == (std::vector<std::string>{
                               "20 " + sid + ": Received packet MESSAGE data hello",
                               "20 " + sid + ": Received packet MESSAGE data <binary>",
                               "20 " + sid + ": Received packet PONG data ",
                               "20 " + sid + ": Sending packet MESSAGE data 2[\"news\"]",
                               "20 " + sid + ": Sending packet PING data None",
                               "20 " + sid + ": Sending packet MESSAGE data <binary>"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(packets_are_no_lines_for_anybody_else) {
    fake::world world;
    auto peer = world.open_websocket();
    world.receive(*peer, "4hello");
    BOOST_TEST(world.log.lines.empty());
}

BOOST_AUTO_TEST_CASE(a_long_packet_is_cut_between_characters_and_bad_text_is_not_shown) {
    fake::kept_log log;
    const base::sid session;
    std::string text(16 * 1024 - 1, 'x');
    eio::log_packet(
        log,
        session,
        eio::direction::received,
        eio::packet_type::message,
        false,
        text + "\xC3\xA9" + "more");
    eio::log_packet(
        log, session, eio::direction::received, eio::packet_type::message, false, "\xFF");
    BOOST_REQUIRE(log.lines.size() == 2U);
    BOOST_TEST(log.lines[0].ends_with(" data " + text));
    BOOST_TEST(log.lines[1].ends_with(" data <no UTF-8>"));
}

BOOST_AUTO_TEST_SUITE_END()
