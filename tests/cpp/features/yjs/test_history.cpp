#include "features/yjs/history.hpp"
#include "features/yjs/made.hpp"

#include <string>

namespace yjs = features::yjs;
using yjs::history;

namespace {

struct given {
    yjs::options chosen;
    yjs::counters counted;
    history of{chosen, counted};

    void add(const std::string& update) { BOOST_TEST((of.add(update) == history::outcome::added)); }
};

std::string letters(std::size_t count) {
    return std::string(count, 'x');
}

} // namespace

BOOST_AUTO_TEST_SUITE(yjs_history)

BOOST_AUTO_TEST_CASE(a_small_one_that_is_read_is_one_snapshot) {
    given small;
    small.add(made::update({{1, 0, {made::typed("ab")}}}));
    small.add(made::update({{1, 2, {made::typed_behind({1, 1}, "c")}}}));
    const auto state = made::update({{1, 0, {made::typed("abc")}}});
    BOOST_TEST(small.of.state() == state);
    BOOST_TEST(small.counted.compactions == 1U);
    BOOST_TEST(small.of.bytes() == state.size());
    BOOST_TEST(small.of.state() == state); // and again, without another
    BOOST_TEST(small.counted.compactions == 1U);
}

BOOST_AUTO_TEST_CASE(a_large_one_is_read_with_its_tail_and_keeps_it) {
    given large;
    const auto written = letters(100'000);
    large.add(made::update({{1, 0, {made::typed(written)}}}));
    large.add(made::update({{1, 100'000, {made::typed_behind({1, 99'999}, "y")}}}));
    const std::string state(large.of.state());
    BOOST_TEST((state == made::update({{1, 0, {made::typed(written + "y")}}})));
    BOOST_TEST(large.counted.compactions == 0U);
    large.add(made::update({{1, 100'001, {made::typed_behind({1, 100'000}, "z")}}}));
    BOOST_TEST(large.of.state().size() == state.size() + 1);
    large.of.compact();
    BOOST_TEST((large.of.state() == made::update({{1, 0, {made::typed(written + "yz")}}})));
}

BOOST_AUTO_TEST_CASE(it_contains_what_adds_nothing) {
    given one;
    const auto first = made::update({{1, 0, {made::typed("ab")}}});
    const std::string nothing("\0\0", 2);
    BOOST_TEST(one.of.contains(nothing));
    BOOST_TEST(!one.of.contains(first));
    one.add(first);
    BOOST_TEST(one.of.contains(first));
    BOOST_TEST(!one.of.contains(made::update({{1, 2, {made::typed_behind({1, 1}, "c")}}})));
    BOOST_TEST(!one.of.contains("garbage"));
    BOOST_TEST(one.counted.duplicates == 0U);
}

BOOST_AUTO_TEST_CASE(who_has_nothing_is_given_all_and_who_has_some_the_rest) {
    given one;
    one.add(made::update({{1, 0, {made::typed("ab")}}}));
    std::string missing;
    BOOST_TEST(one.of.diff(made::bytes({0}), missing));
    BOOST_TEST(missing == one.of.state());
    BOOST_TEST(one.of.diff(made::bytes({1, 1, 1}), missing));
    BOOST_TEST(missing == made::update({{1, 1, {made::typed_behind({1, 0}, "b")}}}));
    BOOST_TEST(!one.of.diff("", missing));
}

BOOST_AUTO_TEST_CASE(one_that_is_cleared_has_nothing_and_takes_the_same_again) {
    given one;
    const auto update = made::update({{1, 0, {made::typed(letters(100'000))}}});
    one.add(update);
    one.of.compact();
    one.add(made::update({{1, 100'000, {made::typed_behind({1, 99'999}, "y")}}}));
    BOOST_TEST(one.of.tail_updates() == 1U);
    (void)one.of.state();
    one.of.clear();
    BOOST_TEST(one.of.empty());
    BOOST_TEST(one.of.bytes() == 0U);
    BOOST_TEST(one.of.tail_bytes() == 0U);
    BOOST_TEST((one.of.state() == std::string_view("\0\0", 2)));
    BOOST_TEST(one.of.vector() == made::bytes({0}));
    one.add(update); // else it would be known
    BOOST_TEST((one.of.state() == update));
}

BOOST_AUTO_TEST_SUITE_END()
