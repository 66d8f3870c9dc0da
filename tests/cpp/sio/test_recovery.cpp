// Clients that come back, as the JavaScript client does: by pid, and the offset of the last event.
#include "base/msgpack.hpp"
#include "sio/msgpack_packet.hpp"
#include "sio/world.hpp"

#include <boost/test/unit_test.hpp>

using fake::sio_world;
using lines = std::vector<std::string>;
using namespace std::chrono_literals;

namespace {

sio::config recovering(sio::recovery_config bounds = {}) {
    sio::config options;
    options.recovery = bounds;
    options.recovery.on = true;
    return options;
}

// A client that keeps what the JavaScript client keeps.
struct client {
    explicit client(sio_world& in) : w(in) {}

    void connect() {
        ws = w.open();
        std::string auth;
        if (!pid.empty())
            auth = "{\"pid\":\"" + pid + "\"" +
                   (offset.empty() ? "" : ",\"offset\":\"" + offset + "\"") + "}";
        w.receive(*ws, "40" + auth);
    }
    // The connect handler says yes.
    void let_in() {
        w.sio.accept(w.app.asked_about, "/");
        w.turn();
        read();
    }
    void join() {
        connect();
        let_in();
        (void)w.app.take();
    }
    void lose() {
        ws->owner->on_transport_closed(*ws, true, w.now);
        w.turn();
    }
    void handlers_end() {
        w.sio.disconnect_done(sid, "/");
        w.turn();
    }
    void lose_and_come_back() {
        lose();
        handlers_end();
        connect();
        let_in();
    }
    void read() {
        for (const auto& frame : std::exchange(ws->sent, {})) {
            if (frame.starts_with("40")) {
                sid = quoted(frame, "\"sid\":\"");
                const auto now = quoted(frame, "\"pid\":\"");
                recovered = !now.empty() && now == pid;
                pid = now;
            } else if (frame.starts_with("42[")) {
                const auto comma = frame.rfind(",\"");
                offset = frame.substr(comma + 2, frame.size() - comma - 4);
                had.push_back(frame.substr(2, comma - 2) + "]");
            } else {
                had.push_back(frame);
            }
        }
    }
    static std::string quoted(const std::string& frame, const std::string& behind) {
        const auto at = frame.find(behind);
        if (at == std::string::npos)
            return {};
        const auto from = at + behind.size();
        return frame.substr(from, frame.find('"', from) - from);
    }
    lines take() {
        w.turn();
        read();
        return std::exchange(had, {});
    }

    sio_world& w;
    std::shared_ptr<fake::websocket> ws;
    std::string sid;
    std::string pid;
    std::string offset;
    bool recovered = false;
    lines had;
};

const sio::selection everybody{.rooms = {}, .skip_sids = {}};
sio::selection in_room(std::string room) {
    return {.rooms = {{std::move(room)}}, .skip_sids = {}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(recovery)

BOOST_AUTO_TEST_CASE(without_the_option_nothing_is_added) {
    sio_world w;
    client c(w);
    c.connect();
    w.sio.accept(w.app.sids.back(), "/");
    w.emit("[\"a\",1]", everybody);
    w.turn();
    BOOST_TEST((c.ws->sent == lines{"40{\"sid\":\"" + w.app.sids.back() + "\"}", "42[\"a\",1]"}));
}

BOOST_AUTO_TEST_CASE(a_client_that_comes_back_is_the_same_and_gets_what_it_missed) {
    sio_world w(recovering());
    client c(w);
    c.join();
    BOOST_TEST(c.pid.size() == 20U);
    BOOST_TEST(c.pid != c.sid);
    const auto sid = c.sid;
    (void)w.sio.enter_room(sid, "/", "x");
    w.emit("[\"a\",1]", in_room("x"));
    BOOST_TEST((c.take() == lines{"[\"a\",1]"}));
    c.lose();
    BOOST_TEST((w.app.take() == lines{"kept S1 /", "disconnect S1 / transport error"}));
    w.emit("[\"while it leaves\"]", in_room("x"));
    c.handlers_end();
    BOOST_TEST((w.app.take() == lines{"session closed"}));
    w.emit("[\"to its room\"]", in_room("x"));
    w.emit("[\"to itself\"]", in_room(sid));
    w.emit("[\"to all\"]", everybody);
    w.emit("[\"not to it\"]", {.rooms = {}, .skip_sids = {sid}});
    w.emit("[\"nor to its room\"]", {.rooms = {}, .skip_sids = {}, .except_rooms = {"x"}});
    BOOST_TEST(w.sio.participants("/", everybody).empty());
    BOOST_TEST(w.sio.namespaces().empty());

    c.connect();
    BOOST_TEST(
        (w.app.take() ==
         lines{
             "resumed S1 /",
             "connect S1 / {\"pid\":\"" + c.pid + "\",\"offset\":\"" + c.offset + "\"}"}));
    BOOST_TEST((w.sio.rooms(sid, "/") == lines{sid, "x"}));
    w.emit("[\"from its connect handler\"]", in_room(sid));
    BOOST_TEST(c.ws->sent.empty());
    c.let_in();
    w.emit("[\"newer\"]", everybody);
    BOOST_TEST(c.recovered);
    BOOST_TEST(c.sid == sid);
    BOOST_TEST(
        (c.take() == lines{
                         "[\"while it leaves\"]",
                         "[\"to its room\"]",
                         "[\"to itself\"]",
                         "[\"to all\"]",
                         "[\"from its connect handler\"]",
                         "[\"newer\"]"}));
}

BOOST_AUTO_TEST_CASE(a_client_that_had_no_event_yet_comes_back_again_and_again) {
    sio_world w(recovering());
    client c(w);
    c.join();
    for (int i = 0; i < 3; ++i) {
        c.lose_and_come_back();
        BOOST_TEST(c.recovered);
    }
    c.lose();
    c.handlers_end();
    w.emit("[\"first\"]", everybody);
    c.connect();
    c.let_in();
    BOOST_TEST(c.recovered);
    BOOST_TEST((c.take() == lines{"[\"first\"]"}));
}

BOOST_AUTO_TEST_CASE(an_offset_of_another_server_is_no_event_of_ours) {
    sio_world w(recovering());
    client c(w);
    c.pid = std::string(20, 'x');
    c.offset = "other_1z";
    c.join();
    BOOST_TEST(!c.recovered);
    w.emit("[\"lost on the way\"]", everybody);
    w.turn();
    c.ws->sent.clear();
    c.lose_and_come_back();
    BOOST_TEST(c.recovered);
    BOOST_TEST((c.take() == lines{"[\"lost on the way\"]"}));
}

BOOST_AUTO_TEST_CASE(nobody_comes_back_with_what_he_was_not_given) {
    for (const auto* wrong :
         {"{\"pid\":\"zzzzzzzzzzzzzzzzzzzz\"}",
          "{\"pid\":7,\"offset\":\"a\"}",
          "{\"pid\":\"PID\",\"offset\":\"nonsense\"}",
          "{\"pid\":\"PID\",\"offset\":17}",
          "{\"pid\":\"PID\",\"offset\":\"\"}",
          "{\"pid\":\"PID\",\"offset\":\"EPOCHzz\"}",
          "{\"pid\":\"PID\",\"offset\":\"EPOCH0\"}",
          "{\"pid\":\"PID\",\"offset\":\"EPOCH-1\"}",
          "{\"pid\":\"PID\",\"offset\":\"EPOCHzzzzzzzzzzzzzzzz\"}",
          "{\"pid\":\"SID\"}"}) {
        sio_world w(recovering());
        client c(w);
        c.join();
        w.emit("[\"a\"]", everybody);
        (void)c.take();
        c.lose();
        c.handlers_end();
        (void)w.app.take();
        std::string auth = wrong;
        for (const auto& [name, value] :
             {std::pair("PID", c.pid), {"SID", c.sid}, {"EPOCH", c.offset.substr(0, 6)}})
            if (const auto at = auth.find(name); at != std::string::npos)
                auth.replace(at, std::string(name).size(), value);
        const auto before = c.sid;
        c.ws = w.open();
        w.receive(*c.ws, "40" + auth);
        const auto told = w.app.take();
        BOOST_TEST(told.back() == "connect S2 / " + auth);
        // A right pid with a wrong offset is given up; by a wrong pid nobody loses anything.
        BOOST_TEST((told[0] == "expired S1 /") == (auth.find(c.pid) != std::string::npos));
        c.let_in();
        BOOST_TEST(!c.recovered);
        BOOST_TEST(c.sid != before);
    }
}

BOOST_AUTO_TEST_CASE(a_connection_that_only_seems_open_is_taken_over_again_and_again) {
    sio_world w(recovering());
    client c(w);
    c.join();
    const auto sid = c.sid;
    (void)w.sio.enter_room(sid, "/", "x");
    w.emit("[\"had\"]", everybody);
    (void)c.take();
    for (int i = 0; i < 3; ++i) {
        const auto old = c.ws;
        w.emit("[\"lost\"]", in_room("x"));
        c.connect();
        BOOST_TEST(old->closed.has_value());
        BOOST_TEST((w.app.take() == lines{"kept S1 /", "disconnect S1 / transport close"}));
        c.handlers_end();
        const auto told = w.app.take();
        BOOST_TEST(told.size() == 3U);
        BOOST_TEST(told[1] == "resumed S1 /");
        w.sio.accept(sid, "/");
        BOOST_TEST((c.take() == lines{"[\"lost\"]"}));
        BOOST_TEST(c.recovered);
        BOOST_TEST((w.sio.rooms(sid, "/") == lines{sid, "x"}));
    }
}

BOOST_AUTO_TEST_CASE(of_several_connections_that_wait_the_last_one_gets_in) {
    sio_world w(recovering());
    client c(w);
    c.join();
    const auto sid = c.sid;
    c.lose();
    c.connect();
    const auto second = c.ws;
    BOOST_TEST(w.sio.participants("/", everybody).size() == 1U); // the one that leaves
    w.emit("[\"a\"]", everybody);
    w.receive(*second, "42[\"too early\"]");
    c.connect();
    BOOST_TEST(second->closed.has_value());
    c.connect();
    BOOST_TEST((
        w.app.take() ==
        lines{"kept S1 /", "disconnect S1 / transport error", "session closed", "session closed"}));
    c.handlers_end();
    w.sio.accept(sid, "/");
    BOOST_TEST((c.take() == lines{"[\"a\"]"}));
    BOOST_TEST(c.recovered);
}

BOOST_AUTO_TEST_CASE(one_that_breaks_off_while_it_is_asked_about_may_come_again) {
    sio_world w(recovering());
    client c(w);
    c.join();
    c.lose();
    c.handlers_end();
    c.connect();
    c.lose();
    (void)w.app.take();
    w.emit("[\"a\"]", everybody);
    c.connect();
    BOOST_TEST(w.app.take().empty()); // the connect handler of the second has not ended
    w.sio.accept(c.sid, "/");
    w.turn();
    BOOST_TEST((w.app.take() == lines{"kept S1 /", "disconnect S1 / transport error"}));
    c.handlers_end();
    w.sio.accept(c.sid, "/");
    BOOST_TEST((c.take() == lines{"[\"a\"]"}));
    BOOST_TEST(c.recovered);
}

BOOST_AUTO_TEST_CASE(one_that_is_refused_has_nothing_to_come_back_to) {
    sio_world w(recovering());
    client c(w);
    c.join();
    const auto sid = c.sid;
    c.lose();
    c.handlers_end();
    c.connect();
    c.lose();
    c.connect(); // and waits for the verdict about the one before
    (void)w.app.take();
    w.sio.refuse(sid, "/", "{}");
    w.turn();
    const auto told = w.app.take();
    BOOST_TEST(told.size() == 2U); // a session has closed, and a stranger knocks
    c.let_in();
    BOOST_TEST(!c.recovered);
    BOOST_TEST(c.sid != sid);
}

BOOST_AUTO_TEST_CASE(who_leaves_on_purpose_or_is_put_out_does_not_come_back) {
    for (const bool by_server : {true, false}) {
        sio_world w(recovering());
        client c(w);
        c.join();
        if (by_server)
            w.sio.disconnect(c.sid, "/");
        else
            w.receive(*c.ws, "41");
        c.handlers_end();
        c.lose();
        c.connect();
        const auto told = w.app.take();
        BOOST_TEST(told[0].starts_with("disconnect"));
        c.let_in();
        BOOST_TEST(!c.recovered);
    }
}

BOOST_AUTO_TEST_CASE(a_pong_frees_what_its_client_has_had) {
    sio_world w(recovering({.max_bytes = 1'000}));
    client c(w);
    c.join();
    for (int i = 0; i < 100; ++i) { // much more than is kept
        w.emit("[\"a\"]", everybody);
        (void)c.take();
        w.now += 25s;
        w.eio.sweep(w.now);
        w.receive(*c.ws, "3");
    }
    c.had.clear();
    w.emit("[\"last\"]", everybody);
    w.turn();
    c.ws->sent.clear();
    c.lose_and_come_back();
    BOOST_TEST(c.recovered);
    BOOST_TEST((c.take() == lines{"[\"last\"]"}));
}

BOOST_AUTO_TEST_CASE(past_its_bounds_a_client_is_a_new_one) {
    sio_world w(recovering({.max_disconnection = 10s, .max_bytes = 1'000, .max_sessions = 2}));
    const auto comes_back = [&](client& c) {
        w.sio.sweep(w.now);
        c.connect();
        c.let_in();
        return c.recovered;
    };
    client bytes(w);
    bytes.join();
    bytes.lose();
    bytes.handlers_end();
    for (int i = 0; i < 30; ++i)
        w.emit("[\"a\"]", everybody);
    BOOST_TEST(!comes_back(bytes));

    client age(w);
    age.join();
    age.lose();
    age.handlers_end();
    BOOST_TEST(w.sio.next_deadline().has_value());
    w.now += 10s;
    (void)w.app.take();
    w.sio.sweep(w.now);
    BOOST_TEST((w.app.take() == lines{"expired S3 /"}));
    BOOST_TEST(!comes_back(age));

    client first(w);
    client second(w);
    client third(w);
    for (auto* each : {&first, &second, &third})
        each->join();
    for (auto* each : {&first, &second, &third}) {
        each->lose();
        each->handlers_end();
    }
    BOOST_TEST(!comes_back(first));
    BOOST_TEST(comes_back(second));
    BOOST_TEST(comes_back(third));
}

BOOST_AUTO_TEST_CASE(that_it_has_been_given_up_is_told_when_its_handlers_have_ended) {
    sio_world w(recovering({.max_disconnection = 10s}));
    client c(w);
    c.join();
    c.lose();
    w.now += 20s;
    w.sio.sweep(w.now);
    BOOST_TEST((w.app.take() == lines{"kept S1 /", "disconnect S1 / transport error"}));
    c.handlers_end();
    BOOST_TEST((w.app.take() == lines{"session closed", "expired S1 /"}));
}

BOOST_AUTO_TEST_CASE(who_is_let_in_before_it_is_asked_about_gets_what_it_missed_at_once) {
    auto options = recovering();
    options.always_connect = true;
    sio_world w(options);
    client c(w);
    c.connect();
    BOOST_TEST(c.take().empty());
    c.let_in();
    c.lose();
    c.handlers_end();
    w.emit("[\"missed\"]", everybody);
    c.connect();
    BOOST_TEST((c.take() == lines{"[\"missed\"]"}));
    BOOST_TEST(c.recovered);
    w.emit("[\"newer\"]", everybody);
    BOOST_TEST((c.take() == lines{"[\"newer\"]"}));
    w.sio.refuse(c.sid, "/", "{}");
    w.turn();
    c.connect();
    c.let_in();
    BOOST_TEST(!c.recovered);
}

BOOST_AUTO_TEST_CASE(
    a_client_that_misses_too_much_while_it_is_asked_about_comes_again_as_a_new_one) {
    sio_world w(recovering({.max_bytes = 1'000}));
    client c(w);
    c.join();
    c.lose();
    c.handlers_end();
    c.connect();
    (void)w.app.take();
    for (int i = 0; i < 30; ++i)
        w.emit("[\"a\"]", everybody);
    w.sio.accept(c.sid, "/");
    w.turn();
    BOOST_TEST(c.ws->closed.has_value());
    const auto told = w.app.take();
    BOOST_TEST(told.size() == 1U);
    BOOST_TEST(told[0].starts_with("disconnect S1"));
    c.connect();
    c.let_in();
    BOOST_TEST(!c.recovered);
}

BOOST_AUTO_TEST_CASE(rooms_change_while_a_client_is_away) {
    sio_world w(recovering());
    client c(w);
    c.join();
    for (const auto* room : {"left", "closed", "stays"})
        (void)w.sio.enter_room(c.sid, "/", room);
    c.lose();
    w.sio.leave_room(c.sid, "/", "left"); // by its disconnect handler, perhaps
    (void)w.sio.enter_room(c.sid, "/", "entered");
    c.handlers_end();
    (void)w.sio.close_room("closed", "/");
    for (const auto* room : {"left", "closed", "stays", "entered"})
        w.emit("[\"" + std::string(room) + "\"]", in_room(room));
    c.connect();
    c.let_in();
    BOOST_TEST((c.take() == lines{"[\"stays\"]", "[\"entered\"]"}));
    auto rooms = w.sio.rooms(c.sid, "/");
    std::ranges::sort(rooms);
    lines expected{c.sid, "entered", "stays"};
    std::ranges::sort(expected);
    BOOST_TEST((rooms == expected));
}

BOOST_AUTO_TEST_CASE(volatile_events_and_acks_are_not_sent_again) {
    sio_world w(recovering());
    client c(w);
    c.join();
    const sio::selection now_or_never{
        .rooms = {}, .skip_sids = {}, .except_rooms = {}, .is_volatile = true};
    w.emit("[\"volatile\"]", now_or_never);
    BOOST_TEST((c.take() == lines{"[\"volatile\"]"})); // and its offset is good to come back with
    w.emit("[\"kept\"]", everybody);
    w.emit("[\"volatile\"]", now_or_never);
    w.emit("[\"asked\"]", everybody, 5);
    w.turn();
    BOOST_TEST(c.ws->sent.back() == "421[\"asked\"]");
    c.ws->sent.clear();
    c.lose();
    BOOST_TEST(w.app.take()[0] == "acks done 5");
    c.handlers_end();
    w.emit("[\"volatile\"]", now_or_never);
    w.emit("[\"asked\"]", everybody, 6);
    c.connect();
    c.let_in();
    BOOST_TEST(c.recovered);
    BOOST_TEST((c.take() == lines{"[\"kept\"]"}));
}

BOOST_AUTO_TEST_CASE(binary_events_are_sent_again_with_their_attachments) {
    sio_world w(recovering());
    client c(w);
    c.join();
    c.lose();
    c.handlers_end();
    w.sio.emit(
        "/",
        everybody,
        {"[\"a\",{\"_placeholder\":true,\"num\":0}]", {base::bytes("\x01\x02")}},
        0);
    c.connect();
    w.sio.accept(c.sid, "/");
    w.turn();
    BOOST_TEST(c.ws->sent.size() == 3U);
    BOOST_TEST(c.ws->sent[1].starts_with("451-[\"a\",{\"_placeholder\":true,\"num\":0},\""));
    BOOST_TEST(c.ws->sent[2].find("\x01\x02") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(in_msgpack_the_offset_is_the_last_argument_as_well) {
    const auto map = [](std::initializer_list<std::string_view> names_and_texts) {
        std::string made;
        base::msgpack::append_map(made, static_cast<unsigned>(names_and_texts.size() / 2));
        for (const auto each : names_and_texts)
            base::msgpack::append_string(made, each);
        return made;
    };
    const auto packet = [](sio::packet_type type, const std::string& data) {
        return "<" + std::string(sio::encode_msgpack_packet(type, "/", {}, data).view()) + ">";
    };
    const auto text_at_end = [](const std::string& frame, std::size_t size) {
        return frame.substr(frame.size() - 1 - size, size); // "<frame>"
    };
    auto options = recovering();
    options.format = sio::packet_format::msgpack;
    sio_world w(options);
    const auto connect = [&](const std::string& auth) {
        auto ws = w.open();
        const auto connects = packet(sio::packet_type::connect, auth);
        w.receive(*ws, connects.substr(1, connects.size() - 2), true);
        w.sio.accept(w.app.asked_about, "/");
        w.turn();
        return ws;
    };
    auto ws = connect({});
    const auto sid = w.app.asked_about;
    const auto pid = text_at_end(ws->sent.at(0), 20);
    BOOST_TEST(ws->sent[0] == packet(sio::packet_type::connect, map({"sid", sid, "pid", pid})));
    for (const std::uint32_t arguments : {1U, 14U, 15U, 65'534U, 65'535U}) {
        // The name, and numbers behind it.
        std::string args;
        base::msgpack::append_array(args, arguments + 1);
        base::msgpack::append_string(args, "a");
        args.append(arguments, '\x07');
        ws->sent.clear();
        w.emit(args, everybody);
        const auto offset = text_at_end(ws->sent.at(0), 7);
        std::string expected;
        base::msgpack::append_array(expected, arguments + 2);
        expected += args.substr(args.find('\xA1'));
        base::msgpack::append_string(expected, offset);
        BOOST_TEST((ws->sent[0] == packet(sio::packet_type::event, expected)));
        w.emit(
            "\x92\xA1"
            "b\xC4\x02\x01\x02",
            everybody); // with a binary in it; lost

        ws->owner->on_transport_closed(*ws, true, w.now);
        w.sio.disconnect_done(sid, "/");
        ws = connect(map({"pid", pid, "offset", offset}));
        BOOST_TEST(w.app.asked_about == sid);
        BOOST_TEST(ws->sent.size() == 2U);
        BOOST_TEST(
            ws->sent.back().find(
                "\xA1"
                "b\xC4\x02\x01\x02\xA7") != std::string::npos);
    }
    // Offsets of other kinds: none, by either name, and none that was given.
    for (const auto& [offset, is_known] : std::vector<std::pair<std::string, bool>>{
             {"\xC0", true},
             {std::string("\xD4\0\0", 3), true},
             {"\x05", false},
             {"\x90", false}}) {
        ws->owner->on_transport_closed(*ws, true, w.now);
        w.sio.disconnect_done(w.app.asked_about, "/");
        ws = connect({});
        const auto mine = w.app.asked_about;
        auto auth = map({"pid", text_at_end(ws->sent.at(0), 20), "offset", ""});
        auth.replace(auth.size() - 1, 1, offset);
        ws->owner->on_transport_closed(*ws, true, w.now);
        w.sio.disconnect_done(mine, "/");
        ws = connect(auth);
        BOOST_TEST((w.app.asked_about == mine) == is_known);
    }
}

BOOST_AUTO_TEST_CASE(python_clients_get_events_as_they_were_emitted) {
    for (const auto& headers : std::vector<std::vector<eio::http_header>>{
             {{"Host", "a"}, {"User-Agent", "Python/3.11 aiohttp/3.9"}},
             {{"Host", "a"}, {"User-Agent", "python-requests/2.32"}},
             {{"Upgrade", "websocket"}, {"Host", "a"}, {"Origin", "http://a"}}}) {
        sio_world w(recovering());
        client c(w);
        c.join();
        const auto ws = std::make_shared<fake::websocket>();
        auto request = fake::world::request("EIO=4&transport=websocket");
        request.headers = headers;
        w.eio.attach_websocket({}, std::move(request), ws, w.now);
        w.turn();
        w.receive(*ws, "40");
        w.sio.accept(w.app.sids.back(), "/");
        w.turn();
        ws->sent.clear();
        w.emit("[\"a\",1]", everybody);
        BOOST_TEST((ws->sent == lines{"42[\"a\",1]"}));
        BOOST_TEST((c.take() == lines{"[\"a\",1]"}));
        BOOST_TEST(c.offset.size() >= 7U);
    }
}

BOOST_AUTO_TEST_CASE(a_pid_of_another_namespace_closes_nothing) {
    sio_world w(recovering());
    client c(w);
    c.join();
    w.receive(*c.ws, "40/chat,{\"pid\":\"" + c.pid + "\"}");
    BOOST_TEST(!c.ws->closed.has_value());
    BOOST_TEST(w.app.take()[0].starts_with("connect S2 /chat"));
}

BOOST_AUTO_TEST_CASE(what_is_kept_is_freed) {
    sio_world w(recovering({.max_total_bytes = 20'000}));
    std::vector<std::unique_ptr<client>> many;
    for (int i = 0; i < 20; ++i)
        many.emplace_back(std::make_unique<client>(w))->join();
    for (int i = 0; i < 10; ++i)
        many[static_cast<std::size_t>(i)]->lose();
    for (int i = 0; i < 500; ++i)
        w.emit("[\"a\",\"" + std::string(100, 'x') + "\"]", everybody);
    // Those that are away have been given up for those that are there, and are told of.
    for (int i = 0; i < 10; ++i)
        many[static_cast<std::size_t>(i)]->handlers_end();
    const auto told = w.app.take();
    BOOST_TEST(std::ranges::count(told, "session closed") == 10);
    BOOST_TEST(std::ranges::count_if(told, [](const auto& line) {
                   return line.starts_with("expired");
               }) == 10);
}

BOOST_AUTO_TEST_SUITE_END()
