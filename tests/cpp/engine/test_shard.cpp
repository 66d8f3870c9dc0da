// One thread and its loop: what fails in it does not end it.
#include "engine/outbox.hpp"
#include "engine/shards.hpp"
#include "sio/server.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace {

struct fixture {
    // Carried out in one batch: the shard is held up until all have been posted.
    template <class... Task>
    void post_together(Task... tasks) {
        std::promise<void> posted;
        all[0].post([&](engine::shard_context&) { posted.get_future().wait(); });
        (all[0].post(tasks), ...);
        posted.set_value();
        catch_up();
    }
    void catch_up() {
        std::promise<void> reached;
        all[0].post([&](engine::shard_context&) { reached.set_value(); });
        reached.get_future().wait();
    }
    std::vector<std::string> logged() {
        std::vector<engine::notification> told;
        out->box.take(told);
        std::vector<std::string> lines;
        for (const auto& each : told)
            if (const auto* line = std::get_if<engine::log_line>(&each))
                lines.push_back(line->text);
        return lines;
    }

    std::shared_ptr<engine::outbox> out = std::make_shared<engine::outbox>();
    engine::shards all{engine::config{}, out};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(shard, fixture)

BOOST_AUTO_TEST_CASE(a_task_that_throws_costs_those_behind_it_nothing) {
    std::vector<int> ran;
    post_together(
        [&](engine::shard_context&) { ran.push_back(1); },
        [&](engine::shard_context&) { throw std::runtime_error("no memory for the second"); },
        [&](engine::shard_context&) { throw 3; },
        [&](engine::shard_context&) { ran.push_back(4); });
    BOOST_TEST((ran == std::vector{1, 4}));
    const auto lines = logged();
    BOOST_REQUIRE(lines.size() == 2U);
    BOOST_TEST(lines[0] == "the engine goes on after an error: no memory for the second");
    BOOST_TEST(lines[1].starts_with("the engine goes on after an error: "));
}

BOOST_AUTO_TEST_CASE(a_shard_that_has_logged_an_error_still_ends) {
    post_together([](engine::shard_context&) { throw std::runtime_error("once"); });
    all.stop(std::chrono::seconds(1));
    BOOST_TEST(!all[0].post([](engine::shard_context&) {}));
}

BOOST_AUTO_TEST_SUITE_END()
