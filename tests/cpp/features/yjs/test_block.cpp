#include "features/yjs/block.hpp"
#include "features/yjs/made.hpp"

using features::yjs::block;
using features::yjs::content_kind;
using features::yjs::cut_front;
using features::yjs::joinable;
using made::bytes;
using made::id;
using made::number;
using made::text;

namespace {

block read(const std::string& data, std::uint64_t clock = 10) {
    features::yjs::lib0::reader in(data);
    const block made = features::yjs::read_block(in, 1, clock);
    BOOST_REQUIRE(in.fault() == nullptr);
    BOOST_REQUIRE(in.left() == 0U);
    return made;
}

std::string written(const block& each) {
    std::string out;
    features::yjs::append_block(out, each);
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(yjs_block)

BOOST_AUTO_TEST_CASE(whatever_is_read_is_written_alike) {
    const std::string options = bytes({118, 1}) + text("gc") + bytes({120});
    for (const std::string& data :
         {made::typed("héllo"),
          made::gc(300),
          made::skip(3),
          made::item(content_kind::deleted, number(400)),
          made::item(content_kind::json, number(3) + text("1") + text("undefined") + text("{}")),
          made::item(content_kind::binary, text("\xFF")),
          made::item(content_kind::embed, text("{\"image\":1}")),
          made::item(content_kind::format, text("bold") + text("true")),
          made::item(content_kind::type, number(2)),
          made::item(content_kind::type, number(3) + text("p")),
          made::item(content_kind::any, bytes({2, 126, 125, 1})),
          made::item(content_kind::doc, text("guid") + options),
          // in a map, with an item for a parent, and between two others
          bytes({0x28, 0}) + id({1, 4}) + text("key") + bytes({1, 126}),
          bytes({0xA8}) + id({1, 9}) + bytes({1, 126}),
          made::item_between(content_kind::string, {1, 9}, {7, 0}, text("x"))})
        BOOST_TEST(written(read(data)) == data);
}

BOOST_AUTO_TEST_CASE(a_text_is_cut_between_its_units) {
    const std::string data = made::typed("aé漢z");
    block right = read(data);
    const block left = cut_front(right, 2);
    BOOST_TEST(written(left) == made::typed("aé"));
    BOOST_TEST(written(right) == made::typed_behind({1, 11}, "漢z"));
    BOOST_TEST(right.clock == 12U);
    BOOST_TEST(right.length == 2U);
}

BOOST_AUTO_TEST_CASE(a_cut_surrogate_pair_becomes_two_replacements) {
    const std::string data = made::typed("a😀b");
    block right = read(data);
    const block left = cut_front(right, 2);
    BOOST_TEST(written(left) == made::typed("a\uFFFD"));
    BOOST_TEST(written(right) == made::typed_behind({1, 11}, "\uFFFDb"));
    // And once more, at both of its ends.
    const std::string pairs = made::typed("😀😀");
    block last = read(pairs);
    const block first = cut_front(last, 1);
    const block middle = cut_front(last, 2);
    BOOST_TEST(written(first) == made::typed("\uFFFD"));
    BOOST_TEST(written(middle) == made::typed_behind({1, 10}, "\uFFFD\uFFFD"));
    BOOST_TEST(written(last) == made::typed_behind({1, 12}, "\uFFFD"));
    block middles = middle;
    BOOST_TEST(written(cut_front(middles, 1)) == made::typed_behind({1, 10}, "\uFFFD"));
    BOOST_TEST(written(middles) == made::typed_behind({1, 11}, "\uFFFD"));
}

BOOST_AUTO_TEST_CASE(values_are_cut_one_from_another) {
    const std::string data =
        made::item_between(content_kind::any, {9, 1}, {9, 2}, bytes({3, 126, 117, 1, 120, 121}));
    block right = read(data);
    const block left = cut_front(right, 2);
    BOOST_TEST(
        written(left) ==
        made::item_between(content_kind::any, {9, 1}, {9, 2}, bytes({2, 126, 117, 1, 120})));
    BOOST_TEST(
        written(right) == made::item_between(content_kind::any, {1, 11}, {9, 2}, bytes({1, 121})));
    const std::string jsons =
        made::item(content_kind::json, number(2) + text("[1]") + text("undefined"));
    block second = read(jsons);
    BOOST_TEST(
        written(cut_front(second, 1)) == made::item(content_kind::json, number(1) + text("[1]")));
    BOOST_TEST(
        written(second) ==
        made::item_behind(content_kind::json, {1, 10}, number(1) + text("undefined")));
}

BOOST_AUTO_TEST_CASE(what_has_only_a_length_is_cut_by_it) {
    for (const bool collected : {true, false}) {
        const std::string data =
            collected ? made::gc(9) : made::item(content_kind::deleted, number(9));
        block right = read(data);
        BOOST_TEST(
            written(cut_front(right, 4)) ==
            (collected ? made::gc(4) : made::item(content_kind::deleted, number(4))));
        BOOST_TEST(
            written(right) == (collected
                                   ? made::gc(5)
                                   : made::item_behind(content_kind::deleted, {1, 13}, number(5))));
    }
}

BOOST_AUTO_TEST_CASE(only_what_was_typed_in_one_stroke_is_joined) {
    const std::string first = made::item_between(content_kind::string, {5, 5}, {6, 6}, text("ab"));
    const block left = read(first);
    const auto joins = [&](const std::string& data, std::uint64_t clock = 12) {
        return joinable(left, read(data, clock));
    };
    BOOST_TEST(joins(made::item_between(content_kind::string, {1, 11}, {6, 6}, text("c"))));
    BOOST_TEST(!joins(
        made::item_between(content_kind::string, {1, 11}, {6, 7}, text("c")))); // before another
    BOOST_TEST(!joins(
        made::item_between(content_kind::string, {1, 10}, {6, 6}, text("c")))); // behind another
    BOOST_TEST(!joins(made::typed_behind({1, 11}, "c")));                       // before nothing
    BOOST_TEST(!joins(
        made::item_between(content_kind::string, {1, 11}, {6, 6}, text("c")), 13)); // after a gap
    BOOST_TEST(!joins(made::item_between(content_kind::embed, {1, 11}, {6, 6}, text("{}"))));
    BOOST_TEST(joinable(read(made::gc(2)), read(made::gc(1), 12)));
    BOOST_TEST(
        !joinable(read(made::gc(2)), read(made::item(content_kind::deleted, number(1)), 12)));
}

BOOST_AUTO_TEST_CASE(values_of_a_map_are_not_joined) {
    const std::string first = bytes({0x28, 1}) + text("map") + text("key") + bytes({1, 126});
    const std::string second = bytes({0xA8}) + id({1, 10}) + bytes({1, 121});
    BOOST_TEST(!joinable(read(first), read(second, 11)));
    const std::string in_list = bytes({0x88}) + id({1, 10}) + bytes({1, 121});
    const std::string list = made::item(content_kind::any, bytes({1, 126}));
    BOOST_TEST(joinable(read(list), read(in_list, 11)));
}

BOOST_AUTO_TEST_SUITE_END()
