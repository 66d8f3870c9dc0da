#include "features/yjs/made.hpp"
#include "features/yjs/state_vector.hpp"
#include "features/yjs/update.hpp"

using features::yjs::content_kind;
using features::yjs::range;
using features::yjs::range_set;
using features::yjs::lib0::max_integer;
using made::bytes;
using made::gc;
using made::id;
using made::number;
using made::refusal;
using made::skip;
using made::summary;
using made::text;
using made::typed;
using made::update;

namespace {

// An update of one struct, as client 1's from clock 5 on.
std::string one(const std::string& structure) {
    return update({{1, 5, {structure}}});
}

std::string vector_refusal(const std::string& data) {
    const auto decoded = features::yjs::decode_state_vector(data);
    const auto* refused = std::get_if<features::yjs::reject>(&decoded);
    return refused != nullptr ? refused->reason : "";
}

} // namespace

BOOST_AUTO_TEST_SUITE(yjs_update)

BOOST_AUTO_TEST_CASE(an_update_of_nothing_is_two_zeros) {
    BOOST_TEST(summary(bytes({0, 0})).empty());
    BOOST_TEST(summary(bytes({0, 0})).complete());
}

BOOST_AUTO_TEST_CASE(a_summary_has_what_is_covered_in_order) {
    const std::string data = update(
        {{2, 3, {gc(4)}}, {9, 0, {typed("ab"), skip(5), gc(1)}}},
        {{2, 9, 1}, {2, 0, 2}, {9, 1, 1}});
    const auto made = summary(data);
    BOOST_TEST(
        made.structs == (range_set{{9, 0, 2}, {9, 7, 1}, {2, 3, 4}}),
        boost::test_tools::per_element());
    BOOST_TEST(
        made.deletes == (range_set{{9, 1, 1}, {2, 0, 2}, {2, 9, 1}}),
        boost::test_tools::per_element());
    BOOST_TEST(made.blocks == 3U);
    BOOST_TEST(made.bytes == data.size());
    BOOST_TEST(!made.complete());
}

BOOST_AUTO_TEST_CASE(it_is_complete_that_begins_at_the_first_clock_and_has_no_gap) {
    BOOST_TEST(summary(update({{1, 0, {typed("a"), gc(2)}}, {0, 0, {gc(1)}}})).complete());
    BOOST_TEST(!summary(update({{1, 1, {gc(1)}}})).complete());
    BOOST_TEST(!summary(update({{1, 0, {gc(1), skip(1), gc(1)}}})).complete());
}

BOOST_AUTO_TEST_CASE(a_client_may_come_twice) {
    BOOST_TEST(
        summary(update({{1, 4, {gc(2)}}, {1, 0, {gc(4)}}})).structs == (range_set{{1, 0, 6}}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_cut_of_an_update_is_refused) {
    const std::string data = update(
        {{300,
          2,
          {typed("aé😀"),
           made::item(content_kind::any, bytes({1, 118, 1, 1, 'a', 117, 1, 125, 0x80, 1})),
           gc(200)}},
         {7, 0, {made::item(content_kind::format, text("b") + text("[1]"))}}},
        {{300, 1, 2}, {7, 0, 1}});
    BOOST_TEST(refusal(data) == "");
    for (std::size_t size = 0; size < data.size(); ++size)
        BOOST_TEST(refusal(data.substr(0, size)) != "", size);
    BOOST_TEST(refusal(data + '\0') == "bytes follow its end, as in an update of format v2");
}

BOOST_AUTO_TEST_CASE(an_update_of_format_v2_is_refused) {
    // Y.encodeStateAsUpdateV2 of nothing, and of a text "hi"
    BOOST_TEST(
        refusal(std::string(13, '\0')) == "bytes follow its end, as in an update of format v2");
    BOOST_TEST(refusal(bytes({0,   0,   5,   149, 189, 213, 218, 5, 0, 0, 1, 4, 6, 4, 't', 'e',
                              'x', 't', 'h', 'i', 2,   4,   2,   1, 1, 0, 0, 1, 1, 0, 0})) != "");
}

BOOST_AUTO_TEST_CASE(counts_are_not_believed) {
    const char* const reason = "it has fewer bytes than it counts things";
    BOOST_TEST(refusal(number(max_integer)) == reason);
    BOOST_TEST(refusal(number(1) + number(max_integer) + number(1) + number(0) + gc(1)) == reason);
    BOOST_TEST(refusal(number(0) + number(max_integer)) == reason);
    BOOST_TEST(
        refusal(number(0) + number(1) + number(1) + number(9) + number(1) + number(1)) == reason);
    BOOST_TEST(refusal(one(made::item(content_kind::any, number(max_integer)))) == reason);
    BOOST_TEST(refusal(one(made::item(content_kind::json, number(max_integer)))) == reason);
}

BOOST_AUTO_TEST_CASE(clocks_do_not_run_over) {
    BOOST_TEST(refusal(update({{1, 0, {gc(max_integer)}}})) == "");
    BOOST_TEST(refusal(update({{1, 1, {gc(max_integer)}}})) == "a clock is larger than 2^53 - 1");
    BOOST_TEST(
        refusal(update({{1, 0, {gc(max_integer), gc(1)}}})) == "a clock is larger than 2^53 - 1");
    BOOST_TEST(
        refusal(number(0) + number(1) + number(1) + number(1) + number(2) + number(max_integer)) ==
        "a clock is larger than 2^53 - 1");
}

BOOST_AUTO_TEST_CASE(a_struct_without_length_is_refused) {
    for (const std::string& each :
         {gc(0),
          skip(0),
          typed(""),
          made::item(content_kind::deleted, number(0)),
          made::item(content_kind::any, number(0)),
          made::item(content_kind::json, number(0))})
        BOOST_TEST(refusal(one(each)) == "a struct has no length");
}

BOOST_AUTO_TEST_CASE(an_item_does_not_refer_ahead) {
    BOOST_TEST(refusal(one(made::typed_behind({1, 4}, "a"))) == "");
    BOOST_TEST(refusal(one(made::typed_behind({2, 5}, "a"))) == "");
    const char* const reason = "an item refers to itself or to what comes after it";
    BOOST_TEST(refusal(one(made::typed_behind({1, 5}, "a"))) == reason);
    BOOST_TEST(
        refusal(one(made::item_between(content_kind::string, {1, 4}, {1, 9}, text("a")))) ==
        reason);
    BOOST_TEST(refusal(one(bytes({4, 0}) + id({1, 5}) + text("a"))) == reason); // its parent
}

BOOST_AUTO_TEST_CASE(what_breaks_an_editor_is_refused) {
    for (const std::string& each :
         {bytes({11}) + number(1),
          bytes({0x1F}) + number(1),
          bytes({0x80}) + number(1),
          bytes({0x8A}) + number(1), // kinds
          bytes({4, 2}) + text("t") + text("a"),
          typed("\xED\xA0\x80"),
          typed("\xC0\x80"),
          bytes({4, 1}) + text("\xFF") + text("a"),
          made::item(content_kind::embed, text("NaN")),
          made::item(content_kind::format, text("bold") + text("tru")),
          made::item(content_kind::json, number(1) + text("{")),
          made::item(content_kind::type, number(7)),
          made::item(content_kind::type, number(3) + text("\xFF")),
          made::item(content_kind::doc, text("guid") + bytes({126})),
          made::item(content_kind::any, bytes({1, 100}))})
        BOOST_TEST(refusal(one(each)) != "");
}

BOOST_AUTO_TEST_CASE(a_state_vector_ends_at_the_first_gap) {
    const std::string data =
        update({{9, 0, {typed("ab"), skip(5), gc(1)}}, {2, 3, {gc(4)}}, {1, 0, {gc(300)}}});
    BOOST_TEST(features::yjs::encode_state_vector(data) == bytes({2, 9, 2, 1}) + number(300));
}

BOOST_AUTO_TEST_CASE(a_peers_state_vector_is_checked) {
    BOOST_TEST(vector_refusal(bytes({0})) == "");
    BOOST_TEST(vector_refusal(bytes({2, 1, 5, 9, 1})) == "");
    for (const std::string& bad :
         {std::string(),
          bytes({1}),
          bytes({1, 5}),
          bytes({0, 0}),
          bytes({3, 1, 5, 9, 1}),
          number(max_integer)})
        BOOST_TEST(vector_refusal(bad) != "");
}

BOOST_AUTO_TEST_CASE(of_a_client_named_twice_the_lower_clock_counts) {
    const auto decoded = features::yjs::decode_state_vector(bytes({4, 1, 5, 9, 1, 1, 3, 2, 0}));
    const auto& vector = std::get<features::yjs::state_vector>(decoded);
    BOOST_TEST(vector.next_clock(1) == 3U);
    BOOST_TEST(vector.next_clock(9) == 1U);
    BOOST_TEST(vector.next_clock(2) == 0U);
    BOOST_TEST(features::yjs::encode_state_vector(vector) == bytes({2, 9, 1, 1, 3}));
}

BOOST_AUTO_TEST_SUITE_END()
