#include "features/yjs/lib0.hpp"
#include "features/yjs/made.hpp"

#include <limits>

using features::yjs::lib0::max_depth;
using features::yjs::lib0::max_integer;
using features::yjs::lib0::reader;
using made::bytes;
using made::number;
using made::text;

namespace {

// What is read of the whole, or why not.
std::string any(const std::string& data) {
    reader in(data);
    const std::string_view read = in.any();
    if (in.fault() != nullptr)
        return in.fault();
    BOOST_TEST(read.size() + in.left() == data.size());
    return in.left() == 0 ? "" : "something is left";
}

std::string nested(std::size_t depth) {
    std::string made;
    for (std::size_t i = 0; i < depth; ++i)
        made += bytes({117, 1});
    return made + bytes({126});
}

} // namespace

BOOST_AUTO_TEST_SUITE(yjs_lib0)

BOOST_AUTO_TEST_CASE(numbers_come_back_as_they_were_written) {
    for (const std::uint64_t each :
         {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, max_integer}) {
        const std::string written = number(each);
        reader in(written);
        BOOST_TEST(in.number() == each);
        BOOST_TEST(in.left() == 0U);
        BOOST_TEST(in.fault() == nullptr);
    }
}

BOOST_AUTO_TEST_CASE(a_number_that_javascript_cannot_count_to_is_refused) {
    for (const std::string& data :
         {number(max_integer + 1),
          number(std::numeric_limits<std::uint64_t>::max()),
          std::string(1'000, '\x80'),
          bytes({0x80}),
          std::string()}) {
        reader in(data);
        BOOST_TEST(in.number() == 0U);
        BOOST_TEST(in.fault() != nullptr);
        BOOST_TEST(in.left() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(after_a_failure_there_is_nothing) {
    const std::string data = bytes({5, 'a'}) + number(7);
    reader in(data);
    BOOST_TEST(in.bytes().empty());
    const char* const reason = in.fault();
    BOOST_TEST(in.number() == 0U);
    BOOST_TEST(in.text().empty());
    BOOST_TEST(in.fault() == reason);
}

BOOST_AUTO_TEST_CASE(any_holds_every_type) {
    for (const std::string& data :
         {bytes({127}),
          bytes({126}),
          bytes({121}),
          bytes({120}),
          bytes({125, 0x3F}),
          bytes({125, 0xC0, 1}),
          bytes({124, 0, 0, 0, 0}),
          bytes({123}) + std::string(8, 'x'),
          bytes({122}) + std::string(8, 'x'),
          bytes({119}) + text("é"),
          bytes({116}) + text("\xFF"),
          bytes({117, 0}),
          bytes({118, 0}),
          bytes({117, 2, 126, 117, 1, 120}),
          bytes({118, 2}) + text("a") + bytes({126}) + text("b") + bytes({118, 0}),
          nested(max_depth)})
        BOOST_TEST(any(data) == "");
}

BOOST_AUTO_TEST_CASE(any_is_refused_where_a_reader_would_fail) {
    for (const std::string& data :
         {std::string(),
          bytes({115}),
          bytes({0}),
          bytes({124, 0}),
          bytes({119}) + text("\xFF"),
          bytes({116, 2, 0}),
          bytes({117, 1}),
          bytes({118, 1}) + text("a"),
          bytes({118, 1, 126, 126}),
          bytes({125, 0xBF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}),
          nested(max_depth + 1)})
        BOOST_TEST(any(data) != "");
    // A count is not believed.
    BOOST_TEST(
        any(bytes({117}) + number(max_integer) + bytes({126})) ==
        "it has fewer bytes than it counts things");
}

BOOST_AUTO_TEST_CASE(json_is_what_javascript_takes) {
    for (const char* good : {"{\"a\":[1,null]}", " true ", "\"\\ud83d\"", "-1.5e3"}) {
        const std::string data = text(good);
        reader in(data);
        BOOST_TEST(in.json() == good);
    }
    for (const char* bad :
         {"", "NaN", "[Infinity]", "-Infinity", "undefined", "{a:1}", "[1,]", "'a'"}) {
        const std::string data = text(bad);
        reader in(data);
        in.json();
        BOOST_TEST(in.fault() != nullptr, bad);
    }
}

BOOST_AUTO_TEST_CASE(texts_are_counted_in_utf16_units) {
    using features::yjs::lib0::utf16_length;
    BOOST_TEST(utf16_length("") == 0U);
    BOOST_TEST(utf16_length("aé漢") == 3U);
    BOOST_TEST(utf16_length("😀") == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
