// An event that comes again is handled once, and answered twice.
#include "features/flow/deduplicator.hpp"
#include "world.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>

namespace {

struct fixture : fake::feature_world {
    fixture() {
        auto made = std::make_shared<features::flow::dedup_rules>();
        (*made)["/"]["order"] = {"id", 3, std::chrono::minutes(5)};
        once.use(made);
        feature = &once;
        client = visit();
    }
    // What the application hears of it.
    std::size_t order(const std::string& ack, const std::string& argument) {
        receive(*client, "42" + ack + "[\"order\"," + argument + "]");
        return app.take().size();
    }
    std::string acked(std::uint64_t id, const std::string& json) {
        sio.send_ack(last_sid(), "/", id, {json, {}});
        turn();
        return sent(*client);
    }

    features::flow::deduplicator once{rooms};
    std::shared_ptr<fake::websocket> client;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(events_that_come_again, fixture)

BOOST_AUTO_TEST_CASE(the_second_one_gets_the_answer_of_the_first) {
    BOOST_TEST(order("1", "{\"id\":\"a\"}") == 1);
    BOOST_TEST(acked(1, "[{\"ok\":1}]") == "431[{\"ok\":1}]");
    BOOST_TEST(order("2", "{\"n\":2,\"id\":\"a\"}") == 0);
    BOOST_TEST(sent(*client) == "432[{\"ok\":1}]");
    BOOST_TEST(once.repeated() == 1);
}

BOOST_AUTO_TEST_CASE(one_that_comes_before_the_answer_waits_for_it) {
    BOOST_TEST(order("1", "{\"id\":7}") == 1);
    BOOST_TEST(order("2", "{\"id\":7}") == 0);
    BOOST_TEST(order("", "{\"id\":7}") == 0);
    BOOST_TEST(sent(*client) == "");
    BOOST_TEST(acked(1, "[]") == "431[]432[]");
}

BOOST_AUTO_TEST_CASE(other_ids_and_events_without_one_are_handled) {
    for (const auto* each :
         {"{\"id\":1}",
          "{\"id\":\"1\"}",
          "{\"id\":null}",
          "{\"id\":null}",
          "{}",
          "1",
          "[\"id\"]",
          "{\"id\":{\"a\":1}}"})
        BOOST_TEST(order("", each) == 1);
    const auto longer = "{\"id\":\"" + std::string(300, 'x') + "\"}";
    BOOST_TEST(order("", longer) + order("", longer) == 2);
}

BOOST_AUTO_TEST_CASE(the_oldest_is_forgotten_at_the_bound_and_all_after_their_time) {
    for (const auto* each : {"1", "2", "3", "4"})
        BOOST_TEST(order(each, std::string("{\"id\":") + each + "}") == 1);
    BOOST_TEST(order("", "{\"id\":2}") == 0);
    BOOST_TEST(order("", "{\"id\":1}") == 1);
    now += std::chrono::minutes(5);
    BOOST_TEST(order("", "{\"id\":4}") == 1);
}

BOOST_AUTO_TEST_CASE(answers_take_a_bounded_place) {
    const auto large = "[\"" + std::string(40'000, 'x') + "\"]";
    BOOST_TEST(order("1", "{\"id\":1}") == 1);
    BOOST_TEST(order("2", "{\"id\":2}") == 1);
    (void)acked(1, large);
    (void)acked(2, large);
    BOOST_TEST(order("3", "{\"id\":2}") == 0);
    BOOST_TEST(sent(*client).size() > 40'000);
    BOOST_TEST(order("4", "{\"id\":1}") == 1); // forgotten: handled again
    (void)acked(4, "[\"" + std::string(70'000, 'x') + "\"]");
    BOOST_TEST(order("5", "{\"id\":1}") == 1);
}

BOOST_AUTO_TEST_CASE(what_is_remembered_goes_with_the_client) {
    (void)order("1", "{\"id\":1}");
    receive(*client, "41");
    (void)app.take();
    client = visit();
    BOOST_TEST(order("1", "{\"id\":1}") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
