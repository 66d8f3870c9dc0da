#include "base/msgpack.hpp"
#include "sio/msgpack_packet.hpp"
#include "sio/world.hpp"

#include <boost/test/unit_test.hpp>

using sio::decode_msgpack_packet;
using sio::packet_type;
using lines = std::vector<std::string>;

namespace {

std::string str(std::string_view text) {
    std::string made;
    base::msgpack::append_string(made, text);
    return made;
}

std::string number(std::uint64_t value) {
    std::string made;
    base::msgpack::append_unsigned(made, value);
    return made;
}

// A map of keys and values in turn.
template <class... Items>
std::string map(const Items&... items) {
    static_assert(sizeof...(items) % 2 == 0);
    std::string made;
    base::msgpack::append_map(made, sizeof...(items) / 2);
    ((made += items), ...);
    return made;
}

template <class... Items>
std::string array(const Items&... items) {
    std::string made(1, static_cast<char>(0x90 + sizeof...(items)));
    ((made += items), ...);
    return made;
}

const std::string nil = "\xC0";
const std::string undefined("\xD4\0\0", 3);

std::string event(const std::string& data, std::string_view nsp = "/") {
    return map(str("type"), number(2), str("data"), data, str("nsp"), str(nsp));
}

sio::config msgpack() {
    sio::config options;
    options.format = sio::packet_format::msgpack;
    return options;
}

struct msgpack_world : fake::sio_world {
    explicit msgpack_world(sio::config options = msgpack()) : sio_world(options) {}
    std::pair<std::shared_ptr<fake::websocket>, std::string> join() {
        auto opened = open();
        receive(*opened, map(str("type"), number(0), str("nsp"), str("/")), true);
        (void)app.take();
        const auto sid = app.sids.back();
        sio.accept(sid, "/");
        turn();
        opened->sent.clear();
        return {opened, sid};
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(msgpack_packet)

BOOST_AUTO_TEST_CASE(a_header_is_read_whatever_the_order_of_its_keys) {
    const auto data = array(str("a"), number(1));
    const std::vector<std::string> written{
        map(str("type"),
            number(2),
            str("data"),
            data,
            str("nsp"),
            str("/chat"),
            str("id"),
            number(7)),
        map(str("id"),
            number(7),
            str("nsp"),
            str("/chat"),
            str("type"),
            number(2),
            str("data"),
            data),
        // The JavaScript client's, with what its parser does not take out.
        map(str("type"),
            number(2),
            str("data"),
            data,
            str("options"),
            map(str("compress"), std::string("\xC3")),
            str("id"),
            number(7),
            str("nsp"),
            str("/chat")),
        // A key that comes twice has its last value, as in the languages that read maps.
        map(str("nsp"),
            str("/old"),
            number(3),
            nil,
            str("type"),
            number(2),
            str("id"),
            number(1),
            str("nsp"),
            str("/chat"),
            str("id"),
            number(7),
            str("data"),
            data)};
    for (const auto& each : written) {
        const auto packet = decode_msgpack_packet(each);
        BOOST_REQUIRE(packet);
        BOOST_TEST((packet->type == packet_type::event));
        BOOST_TEST(packet->nsp == "/chat");
        BOOST_TEST((packet->id == 7U));
        BOOST_TEST(packet->data == data);
        BOOST_TEST(packet->attachments == 0U);
    }
}

BOOST_AUTO_TEST_CASE(nil_and_undefined_are_nothing) {
    for (const auto& nothing : {nil, undefined}) {
        const auto packet = decode_msgpack_packet(map(
            str("type"), number(0), str("data"), nothing, str("nsp"), nothing, str("id"), nothing));
        BOOST_REQUIRE(packet);
        BOOST_TEST(packet->data.empty());
        BOOST_TEST(packet->nsp == "/");
        BOOST_TEST(!packet->id);
    }
    BOOST_TEST(decode_msgpack_packet(map(str("type"), number(1), str("nsp"), str("")))->nsp == "/");
}

BOOST_AUTO_TEST_CASE(a_malformed_packet_is_nothing) {
    const auto good = event(array(str("a")));
    BOOST_TEST(decode_msgpack_packet(good).has_value());
    const std::vector<std::string> bad{
        "",
        nil,
        number(2),
        array(number(2), str("/")),
        good + nil,
        good.substr(0, good.size() - 1),
        map(str("data"), array(), str("nsp"), str("/")),
        map(str("type"), number(2), str("data"), array()),
        map(str("type"), number(5), str("nsp"), str("/")),
        map(str("type"), str("2"), str("nsp"), str("/")),
        map(str("type"), std::string("\xFF"), str("nsp"), str("/")),
        map(str("type"), nil, str("nsp"), str("/")),
        map(str("type"), number(2), str("nsp"), number(1)),
        map(str("type"), number(2), str("nsp"), str("/"), str("id"), str("1")),
        map(str("type"), number(2), str("nsp"), str("/"), str("id"), std::string("\xFF")),
        map(str("type"), number(2), str("nsp"), str("/"), str("id"), number(sio::max_ack_id + 1)),
        event(array(std::string("\xA1\xFF"))),
        event(std::string(1'000, '\x91') + nil)};
    for (const auto& each : bad)
        BOOST_TEST(!decode_msgpack_packet(each));
}

BOOST_AUTO_TEST_CASE(a_packet_has_only_the_keys_that_it_needs) {
    const auto data = array(str("a"));
    const auto encoded = [](auto... arguments) {
        return std::string(sio::encode_msgpack_packet(arguments...).view());
    };
    BOOST_TEST(
        encoded(packet_type::ack, "/chat", 300, data) == map(str("type"),
                                                             number(3),
                                                             str("nsp"),
                                                             str("/chat"),
                                                             str("id"),
                                                             number(300),
                                                             str("data"),
                                                             data));
    // The JavaScript client refuses a DISCONNECT with "data": nil.
    BOOST_TEST(
        encoded(packet_type::disconnect, "/", std::nullopt, "") ==
        map(str("type"), number(1), str("nsp"), str("/")));
}

BOOST_AUTO_TEST_CASE(a_client_connects_sends_is_answered_and_leaves) {
    msgpack_world w;
    const auto ws = w.open();
    const auto auth = map(str("token"), str("x"));
    w.receive(*ws, map(str("type"), number(0), str("data"), auth, str("nsp"), str("/")), true);
    BOOST_TEST((w.app.take() == lines{"connect S1 / " + auth}));
    const auto sid = w.app.sids[0];
    w.sio.accept(sid, "/");
    w.turn();
    BOOST_TEST(
        (ws->sent == lines{
                         "<" +
                         map(str("type"),
                             number(0),
                             str("nsp"),
                             str("/"),
                             str("data"),
                             map(str("sid"), str(sid))) +
                         ">"}));
    const auto args = array(str("a"), std::string("\xC4\x01\xFF"));
    w.receive(
        *ws,
        map(str("type"), number(2), str("data"), args, str("nsp"), str("/"), str("id"), number(7)),
        true);
    BOOST_TEST((w.app.take() == lines{"event S1 / " + args + " 7"}));
    w.sio.send_ack(sid, "/", 7, {array(str("ok")), {}});
    w.turn();
    BOOST_TEST(
        ws->sent.back() == "<" +
                               map(str("type"),
                                   number(3),
                                   str("nsp"),
                                   str("/"),
                                   str("id"),
                                   number(7),
                                   str("data"),
                                   array(str("ok"))) +
                               ">");
    w.receive(*ws, map(str("type"), number(1), str("nsp"), str("/")), true);
    BOOST_TEST((w.app.take() == lines{"disconnect S1 / client disconnect"}));
    BOOST_TEST(!ws->closed.has_value());
}

BOOST_AUTO_TEST_CASE(an_emit_that_waits_has_an_id_for_each_receiver) {
    msgpack_world w;
    const auto [ws, sid] = w.join();
    const auto args = array(str("ask"));
    const auto asked = [&](std::uint64_t id) {
        return "<" +
               map(str("type"),
                   number(2),
                   str("nsp"),
                   str("/"),
                   str("id"),
                   number(id),
                   str("data"),
                   args) +
               ">";
    };
    w.emit(args, {}, 5);
    w.emit(args, {}, 6);
    BOOST_TEST((ws->sent == lines{asked(1), asked(2)}));
    const auto answer = array(number(1));
    w.receive(
        *ws,
        map(str("type"),
            number(3),
            str("id"),
            number(2),
            str("data"),
            answer,
            str("nsp"),
            str("/")),
        true);
    BOOST_TEST((w.app.take() == lines{"ack 6 " + answer, "acks done 6"}));
}

BOOST_AUTO_TEST_CASE(who_may_not_join_hears_it_in_msgpack) {
    msgpack_world w;
    const auto ws = w.open();
    w.receive(*ws, map(str("type"), number(0), str("nsp"), str("/random")), true);
    BOOST_TEST(
        (ws->sent == lines{
                         "<" +
                         map(str("type"),
                             number(4),
                             str("nsp"),
                             str("/random"),
                             str("data"),
                             str("Unable to connect")) +
                         ">"}));
}

BOOST_AUTO_TEST_CASE(what_breaks_the_protocol_closes_the_session) {
    const std::vector<std::string> bad{
        "garbage",
        event(map()),
        event(array()),
        event(array(nil)),
        event(array(str("disconnect"))),
        event(array(str("a")), "/chat"),
        map(str("type"), number(0), str("nsp"), str("/")),
        map(str("type"), number(0), str("nsp"), str("/chat"), str("data"), array()),
        map(str("type"), number(1), str("nsp"), str("/"), str("data"), map()),
        map(str("type"), number(4), str("nsp"), str("/"), str("data"), str("no")),
        event(std::string("\xDC\x03\xE9", 3) + std::string(1'001, '\xC0'))};
    for (const auto& each : bad) {
        msgpack_world w;
        const auto [ws, sid] = w.join();
        w.receive(*ws, each, true);
        BOOST_TEST(ws->closed.has_value());
        BOOST_TEST((w.app.take() == lines{"disconnect S1 / transport error"}));
    }
    msgpack_world w;
    const auto [ws, sid] = w.join();
    w.receive(*ws, "42[\"text\"]");
    BOOST_TEST(ws->closed.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
