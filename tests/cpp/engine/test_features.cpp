// What a feature hears, and what it can do with the clients of all shards.
#include "engine/features.hpp"
#include "engine/world.hpp"

#include <deque>
#include <memory>
#include <mutex>

using namespace fake;
using namespace std::string_literals;

namespace {

// What all shards' features have heard, in no order between shards.
struct heard {
    void add(const std::string& line) {
        const std::lock_guard lock(mutex);
        lines.push_back(line);
    }
    std::size_t count(const std::string& line) {
        const std::lock_guard lock(mutex);
        return static_cast<std::size_t>(std::ranges::count(lines, line));
    }
    std::size_t size() {
        const std::lock_guard lock(mutex);
        return lines.size();
    }
    std::mutex mutex;
    std::vector<std::string> lines;
};

class town_crier final : public features::feature {
public:
    town_crier(sio::namespace_api& rooms, heard& to) : rooms_(rooms), to_(to) {}

    void on_join(const sio::peer& who, base::time_point) override {
        to_.add("join " + who.request().query);
        rooms_.enter_room(who.sid(), who.nsp(), "all of us");
    }
    void on_leave(const sio::peer& who, base::time_point) override {
        to_.add("leave "s + (who.in_room("all of us") ? "member" : "stranger"));
    }
    void on_leave_room(const sio::peer& who, std::string_view room, base::time_point) override {
        to_.add("out of " + std::string(room) + (who.in_room(room) ? " soon" : " already"));
    }
    bool on_event(
        const sio::peer& from,
        std::string_view name,
        std::optional<std::uint64_t> id,
        sio::arguments& args,
        base::time_point now) override {
        if (name == "cry") {
            rooms_.emit(
                "/",
                {.rooms = {{"all of us"}}, .skip_sids = {from.sid().str()}},
                {.json = args.json, .attachments = {}});
            if (id)
                rooms_.send_ack(from.sid(), from.nsp(), *id, {"[\"cried\"]", {}});
            return true;
        }
        if (name == "later") {
            due_ = now + 20ms;
            return true;
        }
        if (name == "ask me") {
            rooms_.ask(from.sid(), from.nsp(), {.json = "[\"well?\"]", .attachments = {}}, 7);
            return true;
        }
        if (name == "away") {
            rooms_.disconnect(from.sid(), from.nsp());
            return false;
        }
        return false;
    }
    void on_answer(
        const sio::peer&, std::uint64_t question, sio::arguments& args, base::time_point) override {
        to_.add("answer " + std::to_string(question) + " " + args.json);
    }
    sio::admission admits(std::string_view nsp) const override {
        if (nsp == "/open")
            return sio::admission::open;
        return nsp.starts_with("/gate") ? sio::admission::asked : sio::admission::none;
    }
    void on_knock(const sio::peer& who, std::string_view auth, base::time_point) override {
        to_.add("knock " + std::string(auth));
        if (who.nsp() == "/gate of heaven")
            rooms_.accept(who.sid(), who.nsp());
        else
            rooms_.refuse(who.sid(), who.nsp(), "{\"message\":\"not you\"}");
    }
    std::optional<base::time_point> next_deadline() const override { return due_; }
    void sweep(base::time_point now) override {
        if (!due_ || now < *due_)
            return;
        due_.reset();
        rooms_.emit("/", {}, {"[\"due\"]", {}});
    }

private:
    sio::namespace_api& rooms_;
    heard& to_;
    std::optional<base::time_point> due_;
};

struct fixture {
    fixture() {
        const auto all = app.in.current();
        for (unsigned each = 0; each < threads; ++each)
            (*all)[each].post([this](engine::shard_context& in) {
                auto& modules = in.modules();
                modules.add(std::make_unique<town_crier>(modules.rooms(), told));
            });
        for (unsigned i = 0; i < threads; ++i)
            clients.emplace_back(app.port);
        app.in.catch_up();
    }
    heard told;
    application app;
    std::deque<client> clients;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(features_of_shards, fixture)

BOOST_AUTO_TEST_CASE(a_feature_hears_of_joins_with_their_request_and_of_each_end_once) {
    BOOST_TEST(told.count("join EIO=4&transport=websocket") == threads);
    clients[0].send_frame("41");
    (void)app.next<sio::disconnect_event>();
    clients[1].close();
    (void)app.next<sio::disconnect_event>();
    app.in.catch_up();
    BOOST_TEST(told.count("leave member") == 2);
}

BOOST_AUTO_TEST_CASE(a_feature_hears_who_is_about_to_leave_a_room_and_stays) {
    std::vector<std::string> sids;
    for (const auto& [sid, eio_sid] : app.in.participants("/", {}))
        sids.push_back(sid);
    app.in.leave_room(sids[0], "/", "all of us");
    app.in.leave_room(sids[0], "/", "all of us"); // where it is not any more
    app.in.leave_room(sids[0], "/", sids[0]);     // its own, which it stays in
    app.in.catch_up();
    BOOST_TEST(told.count("out of all of us soon") == 1);
    (void)app.in.close_room("all of us", "/");
    BOOST_TEST(told.count("out of all of us soon") == threads);
    BOOST_TEST(told.size() == 2 * threads);
}

BOOST_AUTO_TEST_CASE(an_event_that_it_deals_with_ends_there_and_reaches_the_clients_of_all_shards) {
    clients[0].send_frame("427[\"cry\",\"wolf\"]");
    BOOST_TEST(clients[0].receive_frame() == "437[\"cried\"]");
    for (unsigned other = 1; other < threads; ++other)
        BOOST_TEST(clients[other].receive_frame() == "42[\"cry\",\"wolf\"]");
    BOOST_TEST(app.count<sio::message_event>() == 0);
}

BOOST_AUTO_TEST_CASE(other_events_go_on_to_the_application) {
    clients[0].send_frame("42[\"message\",1]");
    BOOST_TEST(app.next<sio::message_event>().args.json == "[\"message\",1]");
}

BOOST_AUTO_TEST_CASE(it_is_woken_at_its_deadline) {
    clients[0].send_frame("42[\"later\"]");
    for (auto& each : clients)
        BOOST_TEST(each.receive_frame() == "42[\"due\"]");
}

BOOST_AUTO_TEST_CASE(a_client_that_it_puts_out_for_an_event_is_gone) {
    clients[0].send_frame("42[\"away\"]");
    BOOST_TEST(clients[0].receive_frame() == "41");
    (void)app.next<sio::disconnect_event>();
    BOOST_TEST(app.count<sio::message_event>() == 0);
}

BOOST_AUTO_TEST_CASE(what_it_asks_of_a_client_is_answered_to_it_and_not_to_the_application) {
    clients[0].send_frame("42[\"ask me\"]");
    BOOST_TEST(clients[0].receive_frame() == "421[\"well?\"]");
    clients[0].send_frame("431[\"fine\"]");
    clients[0].send_frame("431[\"again\"]"); // which nobody waits for any more
    clients[0].send_frame("42[\"message\"]");
    (void)app.next<sio::message_event>();
    BOOST_TEST(told.count("answer 7 [\"fine\"]") == 1);
    BOOST_TEST(told.count("answer 7 [\"again\"]") == 0);
    BOOST_TEST(app.count<sio::ack_event>() == 0);
}

BOOST_AUTO_TEST_CASE(who_is_in_a_namespace_of_a_feature_is_none_of_the_applications_business) {
    clients[0].send_frame("40/open,");
    BOOST_TEST(clients[0].receive_frame().starts_with("40/open,{\"sid\":"));
    clients[0].send_frame("42/open,[\"ask me\"]");
    BOOST_TEST(clients[0].receive_frame() == "42/open,1[\"well?\"]");
    clients[0].send_frame("42/open,[\"message\"]"); // nobody there deals with it
    clients[0].send_frame("41/open,");
    clients[0].send_frame("40/elsewhere,");
    BOOST_TEST(clients[0].receive_frame().starts_with("44/elsewhere,"));
    BOOST_TEST(told.count("leave member") == 1);
    BOOST_TEST(app.count<sio::message_event>() == 0);
    BOOST_TEST(app.count<sio::disconnect_event>() == 0);
    clients[0].close();
    (void)app.next<sio::disconnect_event>(); // of the namespace that is the application's
    (void)app.next<sio::session_closed_event>();
}

BOOST_AUTO_TEST_CASE(a_feature_that_is_asked_lets_clients_into_its_namespace_or_refuses_them) {
    clients[0].send_frame("40/gate of heaven,{\"key\":1}");
    BOOST_TEST(clients[0].receive_frame().starts_with("40/gate of heaven,{\"sid\":"));
    clients[0].send_frame("40/gate,");
    BOOST_TEST(clients[0].receive_frame() == "44/gate,{\"message\":\"not you\"}");
    BOOST_TEST(told.count("knock {\"key\":1}") == 1);
    clients[0].send_frame("42[\"message\"]"); // the session goes on
    (void)app.next<sio::message_event>();
}

BOOST_AUTO_TEST_SUITE_END()
