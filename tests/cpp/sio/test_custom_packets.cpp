#include "sio/world.hpp"

#include <boost/test/unit_test.hpp>

using lines = std::vector<std::string>;
using namespace std::chrono_literals;

namespace {

sio::config custom() {
    sio::config options;
    options.format = sio::packet_format::custom;
    return options;
}

struct custom_world : fake::sio_world {
    explicit custom_world(sio::config options = custom()) : sio_world(options) {}

    // A session whose frame has been decoded as a CONNECT, and its Engine.IO sid.
    std::pair<std::shared_ptr<fake::websocket>, std::string> session() {
        auto opened = open();
        receive(*opened, "4hello");
        (void)app.take();
        return {opened, app.frame_from};
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(custom_packets)

BOOST_AUTO_TEST_CASE(frames_are_passed_on_as_they_are_and_count_as_unhandled) {
    custom_world w;
    const auto ws = w.open();
    w.receive(*ws, "4anything at all");
    w.receive(*ws, "\xFF\x01", true);
    BOOST_TEST((w.app.take() == lines{"frame anything at all", "frame <\xFF\x01>"}));
    for (int i = 2; i < 1'000; ++i)
        w.receive(*ws, "4x");
    BOOST_TEST(ws->paused);
    w.eio.find(w.app.frame_from)->remove_unhandled(1'000, w.now);
    BOOST_TEST(!ws->paused);
}

BOOST_AUTO_TEST_CASE(a_client_joins_is_accepted_and_leaves_as_the_application_says) {
    custom_world w;
    const auto [ws, eio_sid] = w.session();
    BOOST_TEST(w.sio.join(eio_sid, "/"));
    BOOST_TEST(!w.sio.join(eio_sid, "/"));       // it is joining
    BOOST_TEST(!w.sio.join(eio_sid, "/random")); // unknown
    BOOST_TEST(!w.sio.join("nobody", "/"));
    BOOST_TEST((w.app.take() == lines{"connect S1 / "}));
    w.sio.accept(w.app.sids[0], "/", "tWELCOME");
    w.turn();
    BOOST_TEST((ws->sent == lines{"4WELCOME"}));
    w.sio.send_frame(eio_sid, "b\x01\x02");
    w.turn();
    BOOST_TEST(ws->sent.back() == "<\x01\x02>");
    w.sio.leave(eio_sid, "/");
    BOOST_TEST((w.app.take() == lines{"disconnect S1 / client disconnect"}));
}

BOOST_AUTO_TEST_CASE(it_is_asked_about_every_client_also_without_a_connect_handler) {
    auto options = custom();
    options.always_connect = true;
    custom_world w(options);
    ::sio::interest wanted;
    wanted.namespaces = {"/"};
    w.sio.set_interest(wanted);
    const auto [ws, eio_sid] = w.session();
    BOOST_TEST(w.sio.join(eio_sid, "/"));
    BOOST_TEST(ws->sent.empty());
    BOOST_TEST((w.app.take() == lines{"connect S1 / "}));
    w.sio.refuse(w.app.sids[0], "/", "tNO");
    w.turn();
    BOOST_TEST((ws->sent == lines{"4NO"}));
}

BOOST_AUTO_TEST_CASE(one_frame_and_one_id_go_to_all_receivers) {
    custom_world w;
    std::vector<std::shared_ptr<fake::websocket>> all;
    for (int i = 0; i < 2; ++i) {
        auto [ws, eio_sid] = w.session();
        BOOST_TEST(w.sio.join(eio_sid, "/"));
        (void)w.app.take();
        w.sio.accept(w.app.sids.back(), "/", "t");
        w.turn();
        ws->sent.clear();
        all.push_back(ws);
    }
    w.sio.emit("/", {}, {"tASK 5", {base::bytes("attached")}}, 5);
    w.turn();
    for (const auto& each : all)
        BOOST_TEST((each->sent == lines{"4ASK 5", "<attached>"}));
    BOOST_TEST(w.sio.take_ack(w.app.sids[0], "/", 5));
    BOOST_TEST(!w.sio.take_ack(w.app.sids[0], "/", 5)); // once
    BOOST_TEST(!w.sio.take_ack(w.app.sids[1], "/", 6)); // it was not asked
    BOOST_TEST(w.app.take().empty());
    BOOST_TEST(w.sio.take_ack(w.app.sids[1], "/", 5));
    BOOST_TEST((w.app.take() == lines{"acks done 5"}));
}

BOOST_AUTO_TEST_CASE(an_answer_is_taken_until_the_disconnect_handler_has_ended) {
    custom_world w;
    const auto [ws, eio_sid] = w.session();
    BOOST_TEST(w.sio.join(eio_sid, "/"));
    const auto sid = (w.app.take(), w.app.sids.back());
    w.sio.accept(sid, "/", "t");
    w.sio.emit("/", {}, {"tASK", {}}, 5);
    w.sio.emit("/", {}, {"tASK", {}}, 6);
    ws->owner->on_transport_closed(*ws, false, w.now);
    BOOST_TEST((w.app.take() == lines{"disconnect S1 / transport close"}));
    BOOST_TEST(w.sio.take_ack(sid, "/", 5)); // from a frame that came before the end
    BOOST_TEST((w.app.take() == lines{"acks done 5"}));
    w.sio.disconnect_done(sid, "/");
    BOOST_TEST((w.app.take() == lines{"acks done 6", "session closed"}));
}

BOOST_AUTO_TEST_CASE(what_the_application_cannot_read_closes_the_session) {
    custom_world w;
    const auto [ws, eio_sid] = w.session();
    w.sio.fail(eio_sid, "it is nonsense", w.now);
    w.turn();
    BOOST_TEST(ws->closed.has_value());
    BOOST_TEST((w.app.take() == lines{"session closed"}));
    w.sio.fail(eio_sid, "gone already", w.now);
}

BOOST_AUTO_TEST_SUITE_END()
