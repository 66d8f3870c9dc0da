#include "net/deadlines.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace std::chrono_literals;

namespace {

struct holder final : net::deadline_holder {
    void on_deadline(base::time_point now) override {
        heard = now;
        if (table && also_clears)
            table->clear(*also_clears);
    }
    base::time_point heard{};
    net::deadlines* table = nullptr;
    holder* also_clears = nullptr;
};

struct fixture {
    std::vector<bool> watched;
    net::deadlines table{[this](bool wanted) { watched.push_back(wanted); }};
    holder a;
    holder b;
    base::time_point start{1h};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(deadlines, fixture)

BOOST_AUTO_TEST_CASE(only_what_is_due_is_told_and_only_once) {
    table.set(a, start + 1s);
    table.set(b, start + 2s);
    table.sweep(start);
    BOOST_TEST((a.heard == base::time_point{}));
    table.sweep(start + 1s);
    table.sweep(start + 1500ms);
    BOOST_TEST((a.heard == start + 1s));
    BOOST_TEST((b.heard == base::time_point{}));
}

BOOST_AUTO_TEST_CASE(a_moved_deadline_counts_where_it_is) {
    table.set(a, start + 1s);
    table.set(a, start + 5s);
    table.sweep(start + 2s);
    BOOST_TEST((a.heard == base::time_point{}));
}

BOOST_AUTO_TEST_CASE(one_that_ends_may_end_the_other) {
    table.set(a, start);
    table.set(b, start);
    a.table = b.table = &table;
    a.also_clears = &b;
    b.also_clears = &a;
    table.sweep(start);
    BOOST_TEST(((a.heard == start) != (b.heard == start)));
    BOOST_TEST(table.empty());
}

BOOST_AUTO_TEST_CASE(the_shard_watches_only_while_there_is_a_deadline) {
    table.set(a, start);
    table.set(b, start);
    table.clear(a);
    BOOST_TEST((watched == std::vector{true}));
    table.clear(b);
    table.clear(b);
    BOOST_TEST((watched == std::vector{true, false}));
}

BOOST_AUTO_TEST_SUITE_END()
