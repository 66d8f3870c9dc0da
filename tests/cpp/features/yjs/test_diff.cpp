#include "features/yjs/diff.hpp"
#include "features/yjs/made.hpp"

using features::yjs::content_kind;
using features::yjs::range_set;
using made::bytes;
using made::skip;
using made::text;
using made::typed;
using made::typed_behind;
using made::update;

namespace {

std::string diff(const std::string& state, const range_set& known) {
    const std::string made = features::yjs::diff(state, features::yjs::state_vector(known));
    BOOST_TEST(made::refusal(made) == "");
    return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(yjs_diff)

BOOST_AUTO_TEST_CASE(who_has_nothing_is_sent_all) {
    const std::string state = update({{9, 0, {typed("ab")}}, {1, 0, {typed("c")}}}, {{9, 0, 1}});
    BOOST_TEST(diff(state, {}) == state);
}

BOOST_AUTO_TEST_CASE(who_has_all_is_sent_the_deletes) {
    const std::string state = update({{9, 0, {typed("ab")}}, {1, 0, {typed("c")}}}, {{9, 0, 1}});
    BOOST_TEST(diff(state, {{9, 0, 2}, {1, 0, 7}}) == update({}, {{9, 0, 1}}));
    BOOST_TEST(diff(bytes({0, 0}), {}) == bytes({0, 0}));
}

BOOST_AUTO_TEST_CASE(an_item_is_cut_where_the_peers_clock_is) {
    const std::string embed = made::item(content_kind::embed, text("{}"));
    const std::string state = update({{9, 0, {embed, typed("a😀b"), embed}}, {1, 0, {typed("c")}}});
    BOOST_TEST(
        diff(state, {{9, 0, 2}, {1, 0, 1}}) ==
        update({{9, 2, {typed_behind({9, 1}, "😀b"), embed}}}));
    BOOST_TEST(
        diff(state, {{9, 0, 3}, {1, 0, 1}}) ==
        update({{9, 3, {typed_behind({9, 2}, "\uFFFDb"), embed}}}));
    BOOST_TEST(diff(state, {{9, 0, 5}}) == update({{9, 5, {embed}}, {1, 0, {typed("c")}}}));
}

BOOST_AUTO_TEST_CASE(what_waits_behind_a_gap_is_sent_with_the_gap) {
    const std::string late = typed_behind({1, 5}, "z");
    const std::string state = update({{1, 0, {typed("ab"), skip(4), late}}});
    BOOST_TEST(
        diff(state, {{1, 0, 1}}) == update({{1, 1, {typed_behind({1, 0}, "b"), skip(4), late}}}));
    // It does not begin with a gap.
    BOOST_TEST(diff(state, {{1, 0, 2}}) == update({{1, 6, {late}}}));
    BOOST_TEST(diff(state, {{1, 0, 4}}) == update({{1, 6, {late}}}));
    BOOST_TEST(diff(state, {{1, 0, 7}}) == bytes({0, 0}));
}

BOOST_AUTO_TEST_SUITE_END()
