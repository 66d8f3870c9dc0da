#include "features/yjs/made.hpp"
#include "features/yjs/merge.hpp"

using features::yjs::content_kind;
using features::yjs::merge_options;
using features::yjs::range_set;
using made::bytes;
using made::gc;
using made::item;
using made::item_behind;
using made::merged;
using made::number;
using made::skip;
using made::text;
using made::typed;
using made::typed_behind;
using made::update;

namespace {

constexpr merge_options plain{.squash = false};
constexpr merge_options dropping{.drop_deleted = true};

// Of client 1, a character at a time.
std::vector<std::string> keystrokes(std::size_t count) {
    std::vector<std::string> updates;
    for (std::size_t i = 0; i < count; ++i)
        updates.push_back(update({{1, i, {i == 0 ? typed("x") : typed_behind({1, i - 1}, "x")}}}));
    return updates;
}

} // namespace

BOOST_AUTO_TEST_SUITE(yjs_merge)

BOOST_AUTO_TEST_CASE(nothing_merges_to_nothing) {
    BOOST_TEST(merged({}) == bytes({0, 0}));
    BOOST_TEST(merged({bytes({0, 0}), bytes({0, 0})}) == bytes({0, 0}));
}

BOOST_AUTO_TEST_CASE(what_was_typed_becomes_one_item) {
    const auto updates = keystrokes(300);
    const std::vector<std::string_view> views(updates.begin(), updates.end());
    BOOST_TEST(features::yjs::merge(views) == update({{1, 0, {typed(std::string(300, 'x'))}}}));
    const auto apart = made::summary(features::yjs::merge(views, plain));
    BOOST_TEST(apart.blocks == 300U);
    BOOST_TEST(apart.structs == (range_set{{1, 0, 300}}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_order_of_updates_does_not_matter) {
    const auto updates = keystrokes(3);
    const std::string whole = update({{1, 0, {typed("xxx")}}});
    BOOST_TEST(merged({updates[2], updates[0], updates[1]}) == whole);
    BOOST_TEST(merged({updates[1], updates[2], updates[0], updates[1]}) == whole);
}

BOOST_AUTO_TEST_CASE(higher_clients_come_first_and_deletes_are_joined) {
    const std::string left = update({{1, 0, {typed("ab")}}}, {{1, 0, 1}});
    const std::string right = update({{300, 0, {typed("c")}}}, {{300, 0, 1}, {1, 1, 1}});
    const std::string both =
        update({{300, 0, {typed("c")}}, {1, 0, {typed("ab")}}}, {{300, 0, 1}, {1, 0, 2}});
    BOOST_TEST(merged({left, right}) == both);
    BOOST_TEST(merged({right, left}) == both);
}

BOOST_AUTO_TEST_CASE(a_gap_is_kept_and_what_waits_behind_it) {
    const std::string first = update({{1, 0, {typed("ab")}}});
    const std::string later = update({{1, 5, {typed_behind({1, 4}, "c")}}});
    const std::string both = update({{1, 0, {typed("ab"), skip(3), typed_behind({1, 4}, "c")}}});
    BOOST_TEST(merged({first, later}) == both);
    BOOST_TEST(merged({later, first}) == both);
    // What was missing comes, and the skip is no struct that stands in its way.
    const std::string missing = update({{1, 2, {typed_behind({1, 1}, "xyz")}}});
    BOOST_TEST(merged({both, missing}) == update({{1, 0, {typed("abxyzc")}}}));
}

BOOST_AUTO_TEST_CASE(an_update_of_skips_alone_is_nothing) {
    BOOST_TEST(merged({update({{1, 0, {skip(3)}}})}) == bytes({0, 0}));
    BOOST_TEST(
        merged({update({{1, 0, {skip(3), typed_behind({1, 2}, "a"), skip(4)}}})}) ==
        update({{1, 3, {typed_behind({1, 2}, "a")}}}));
}

BOOST_AUTO_TEST_CASE(a_parent_by_its_id_stays) {
    const std::string child = bytes({0x24, 0}) + made::id({7, 3}) + text("key") + text("v");
    const std::string data = update({{1, 4, {child, typed_behind({1, 4}, "w")}}});
    BOOST_TEST(
        merged({data, data}) ==
        update({{1, 4, {bytes({0x24, 0}) + made::id({7, 3}) + text("key") + text("vw")}}}));
}

BOOST_AUTO_TEST_CASE(of_what_overlaps_the_first_update_counts) {
    const std::string known = update({{1, 2, {typed_behind({1, 1}, "cd")}}});
    const std::string other = update({{1, 0, {typed("ABCDEF")}}});
    BOOST_TEST(merged({known, other}) == update({{1, 0, {typed("ABcdEF")}}}));
    BOOST_TEST(
        merged({known, other}, plain) ==
        update({{1, 0, {typed("AB"), typed_behind({1, 1}, "cd"), typed_behind({1, 3}, "EF")}}}));
    BOOST_TEST(merged({other, known}) == other);
}

BOOST_AUTO_TEST_CASE(who_comes_late_cannot_collect_what_is_there) {
    const std::string known =
        update({{1, 0, {typed("abc"), item(content_kind::embed, text("{}"))}}});
    const std::string late = update({{1, 0, {gc(100)}}});
    BOOST_TEST(
        merged({known, late}) ==
        update({{1, 0, {typed("abc"), item(content_kind::embed, text("{}")), gc(96)}}}));
}

BOOST_AUTO_TEST_CASE(a_long_text_behind_many_short_ones_is_cut_in_one_pass) {
    // Every second clock is known; the text fills in the others.
    std::vector<std::string> updates;
    for (std::uint64_t clock = 0; clock < 20'000; clock += 2)
        updates.push_back(update({{1, clock, {item(content_kind::embed, text("{}"))}}}));
    updates.push_back(update({{1, 0, {typed(std::string(20'000, 'x'))}}}));
    const std::vector<std::string_view> views(updates.begin(), updates.end());
    const auto made = made::summary(features::yjs::merge(views));
    BOOST_TEST(made.blocks == 20'000U);
    BOOST_TEST(made.complete());
}

BOOST_AUTO_TEST_CASE(a_surrogate_pair_is_cut_as_yjs_cuts_it) {
    const std::string known = update({{1, 0, {typed("a\uFFFD")}}});
    const std::string whole = update({{1, 0, {typed("a😀b")}}});
    BOOST_TEST(merged({known, whole}) == update({{1, 0, {typed("a\uFFFD\uFFFDb")}}}));
    BOOST_TEST(merged({whole, known}) == whole);
}

BOOST_AUTO_TEST_CASE(deleted_content_is_dropped_only_when_that_is_asked) {
    const std::string data =
        update({{1, 0, {typed("abc"), item(content_kind::embed, text("{}"))}}}, {{1, 0, 4}});
    BOOST_TEST(merged({data}) == data);
    BOOST_TEST(
        merged({data}, dropping) ==
        update(
            {{1,
              0,
              {item(content_kind::deleted, number(3)), item(content_kind::deleted, number(1))}}},
            {{1, 0, 4}}));
}

BOOST_AUTO_TEST_CASE(types_and_documents_are_never_dropped) {
    const std::string document = item(content_kind::doc, text("guid") + bytes({118, 0}));
    const std::string data =
        update({{1, 0, {item(content_kind::type, number(0)), document, typed("x")}}}, {{1, 0, 3}});
    BOOST_TEST(
        merged({data}, dropping) == update(
                                        {{1,
                                          0,
                                          {item(content_kind::type, number(0)),
                                           document,
                                           item(content_kind::deleted, number(1))}}},
                                        {{1, 0, 3}}));
}

BOOST_AUTO_TEST_CASE(a_long_stretch_is_cut_out_of_a_text_and_a_short_one_is_not) {
    const std::string long_text =
        std::string(10, 'a') + std::string(50, 'b') + std::string(10, 'c');
    const std::string much = update({{1, 0, {typed(long_text)}}}, {{1, 10, 50}});
    BOOST_TEST(
        merged({much}, dropping) == update(
                                        {{1,
                                          0,
                                          {typed(std::string(10, 'a')),
                                           item_behind(content_kind::deleted, {1, 9}, number(50)),
                                           typed_behind({1, 59}, std::string(10, 'c'))}}},
                                        {{1, 10, 50}}));
    const std::string little = update({{1, 0, {typed(long_text)}}}, {{1, 10, 5}, {1, 40, 5}});
    BOOST_TEST(merged({little}, dropping) == little);
    // Of values any is dropped, however few: nobody knows how large they are.
    const std::string values =
        update({{1, 0, {item(content_kind::any, bytes({3, 126, 121, 120}))}}}, {{1, 1, 1}});
    BOOST_TEST(made::summary(merged({values}, dropping)).blocks == 3U);
}

BOOST_AUTO_TEST_CASE(a_merge_that_lost_something_is_noticed) {
    const std::string left = update({{1, 0, {typed("ab")}}}, {{1, 0, 1}});
    const std::string right = update({{2, 0, {typed("c")}}});
    const std::vector<std::string_view> both{left, right};
    using features::yjs::is_merge_of;
    BOOST_TEST(is_merge_of(merged({left, right}), both));
    BOOST_TEST(!is_merge_of(left, both));
    BOOST_TEST(!is_merge_of(update({{2, 0, {typed("c")}}, {1, 0, {typed("ab")}}}), both));
    BOOST_TEST(!is_merge_of("", both));
}

BOOST_AUTO_TEST_SUITE_END()
