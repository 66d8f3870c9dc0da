#include "base/json.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;
using base::json::append_quoted;
using base::json::array_scan;
using base::json::fault;
using base::json::scan_array;
using base::json::valid;

namespace {

std::string repeated(std::string_view text, std::size_t times) {
    std::string result;
    for (std::size_t i = 0; i < times; ++i) {
        result += text;
    }
    return result;
}

std::string nested(std::size_t depth) {
    return repeated("[", depth) + repeated("]", depth);
}

array_scan scanned(std::string_view text) {
    const auto scan = scan_array(text);
    BOOST_TEST_REQUIRE(scan.has_value(), "expected an array: " << text);
    return *scan;
}

std::string quoted(std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
}

using placeholders = std::vector<std::uint32_t>;

} // namespace

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(every_form_of_value_is_accepted) {
    for (const std::string_view text :
         {"null",
          "true",
          "false",
          "0",
          "-0",
          "7",
          "-12",
          "0.5",
          "-0.0",
          "1e5",
          "1E+5",
          "1.25e-3",
          "NaN",
          "Infinity",
          "-Infinity",
          "[NaN,{\"a\":-Infinity}]",
          R"("")",
          R"("a")",
          R"("\"\\\/\b\f\n\r\t")",
          R"("\u0000\uD83D\uDE00\ud800")",
          "\"\x7f\"",
          "\"h\xc3\xa9\"",
          "[]",
          "{}",
          "[[],{}]",
          R"({"":{"a":[1,2]}})",
          " \t\r\n[ 1 , 2 ] \n",
          R"( { "a" : 1 , "b" : [ ] } )"}) {
        BOOST_TEST(valid(text), "refused: " << text);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_json_is_refused) {
    for (const std::string& text : std::vector<std::string>{
             "",
             " ",
             "nul",
             "nulll",
             "True",
             "nan",
             "NaNs",
             "Na",
             "+Infinity",
             "-NaN",
             "infinity",
             "-Infinit",
             "- Infinity",
             "undefined",
             "-",
             "+1",
             "01",
             "-01",
             "1.",
             ".5",
             "1e",
             "1e+",
             "1.e5",
             "0x10",
             "1_0",
             "1 2",
             R"(")",
             R"("a)",
             R"('a')",
             R"("\x")",
             R"("\u12")",
             R"("\u12g4")",
             R"("\)",
             R"("\")",
             "\"\n\"",
             "\"\x1f\"",
             "\"\0\""s,
             "[1]\0"s,
             "\xef\xbb\xbf[]",
             "[",
             "]",
             "[1",
             "[1,",
             "[1,]",
             "[,1]",
             "[1 2]",
             "[1}",
             "[[]",
             "[]]",
             "[] []",
             "{",
             "}",
             "{1:2}",
             R"({"a"})",
             R"({"a":})",
             R"({"a":1,})",
             R"({,"a":1})",
             R"({"a":1 "b":2})",
             R"({"a":1])",
             R"({"a" 1})",
             "{a:1}",
             R"({"a":1)",
             R"({"a")",
             R"({")",
             "/**/[]",
             "[1]x"}) {
        BOOST_TEST(!valid(text), "accepted: " << text);
    }
}

BOOST_AUTO_TEST_CASE(every_proper_prefix_of_an_array_is_refused) {
    const std::string text =
        R"(["aé\n\ud83d\ude00",{"k":[true,null,-1.5e+3]},"longer than a word"])";
    BOOST_TEST(scan_array(text).has_value());
    for (std::size_t size = 0; size < text.size(); ++size) {
        // A copy of that size, so that AddressSanitizer sees a read behind its end.
        const std::vector<char> prefix(text.begin(), text.begin() + static_cast<long>(size));
        BOOST_TEST(!scan_array({prefix.data(), size}).has_value(), "accepted " << size);
    }
}

BOOST_AUTO_TEST_CASE(special_characters_are_found_at_every_offset_of_a_word) {
    for (std::size_t before = 0; before < 20; ++before) {
        const std::string plain(before, 'x');
        for (std::size_t after = 0; after < 20; ++after) {
            const std::string rest(after, 'y');
            BOOST_TEST(valid("\"" + plain + R"(\")" + rest + "\""));
            BOOST_TEST(valid("\"" + plain + "\xff\xfe" + rest + "\""));
            BOOST_TEST(!valid("\"" + plain + "\x1f" + rest + "\""));
            BOOST_TEST(!valid("\"" + plain + "\0"s + rest + "\""));
            BOOST_TEST(!valid("\"" + plain + "\"" + rest + "\""));
            BOOST_TEST(!valid("\"" + plain + "\\" + rest + "\""));
        }
    }
}

BOOST_AUTO_TEST_CASE(nesting_is_allowed_up_to_the_limit) {
    for (const std::size_t depth : {127U, 128U, 129U, 10'000U}) {
        BOOST_TEST(valid(nested(depth)));
        BOOST_TEST(valid(repeated(R"({"a":)", depth) + "1" + repeated("}", depth)));
        BOOST_TEST(!valid(repeated(R"([{"a":)", depth / 2) + "1" + repeated("]}", depth / 2)));
    }
    BOOST_TEST(!valid(nested(10'001)));
    BOOST_TEST(valid(nested(3), {.depth = 3}));
    BOOST_TEST(!valid(nested(4), {.depth = 3}));
    BOOST_TEST(!valid(nested(10'001), {.depth = 20'000})); // never beyond the scanner's stack
    BOOST_TEST(!valid(repeated(R"({"a":)", 10'001) + "1" + repeated("}", 10'001)));
    BOOST_TEST(!valid(repeated("[", 1'000'000)));
    BOOST_TEST(valid("1", {.depth = 0}));
}

BOOST_AUTO_TEST_CASE(placeholders_are_found_at_any_depth) {
    const std::string text = repeated(R"([{"num":0,"_placeholder":true},)", 300) + "1" +
                             repeated(R"(,{"_placeholder":true,"num":1}])", 300);
    BOOST_TEST(scanned(text).placeholders.size() == 600U);
}

BOOST_AUTO_TEST_CASE(numbers_may_be_of_any_length) {
    BOOST_TEST(valid("-" + repeated("1", 100'000))); // how much of it is an int, Python decides
    BOOST_TEST(valid("0." + repeated("1", 100'000)));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_text_is_told) {
    BOOST_TEST(fault("[1,2,,3]") == "byte 5 of 8 is not JSON");
    BOOST_TEST(fault("[1,2") == "byte 4 of 4 is not JSON");
    BOOST_TEST(fault("[1,2] 3") == "byte 6 of 7 is not JSON");
    BOOST_TEST(
        fault("[[[[]]]]", {.depth = 3}) == "byte 3 of 8 goes deeper than the 3 levels allowed");
    BOOST_TEST(
        fault("[1,2,3]", {.elements = 2}) ==
        "byte 5 of 7 begins one value more than the 2 allowed");
}

BOOST_AUTO_TEST_CASE(elements_are_counted_and_limited_in_the_outermost_array_only) {
    BOOST_TEST(scanned("[]").elements == 0U);
    BOOST_TEST(scanned("[ ]").elements == 0U);
    BOOST_TEST(scanned("[1]").elements == 1U);
    BOOST_TEST(scanned(R"([[1,2,3],{"a":[1,2]},"x",[]])").elements == 4U);
    BOOST_TEST(scan_array("[1,2,3]", {.elements = 3}).has_value());
    BOOST_TEST(!scan_array("[1,2,3,4]", {.elements = 3}).has_value());
    BOOST_TEST(scan_array("[[1,2,3,4]]", {.elements = 3}).has_value());
    BOOST_TEST(valid(R"({"a":[1,2,3,4]})", {.elements = 3}));
}

BOOST_AUTO_TEST_CASE(only_an_array_is_scanned_as_one) {
    for (const std::string_view text : {"{}", R"("a")", "1", "null", "", " "}) {
        BOOST_TEST(!scan_array(text).has_value(), text);
    }
    BOOST_TEST(scan_array(" [1] ").has_value());
}

BOOST_AUTO_TEST_CASE(the_first_string_is_decoded) {
    struct row {
        std::string_view text;
        std::string first;
    };
    for (const row& row : std::vector<row>{
             {R"(["message",1])", "message"},
             {R"([ "a b" ])", "a b"},
             {R"(["","x"])", ""},
             {R"(["\u00e9\n\/"])", "\xc3\xa9\n/"},
             {R"(["\u0000"])", "\0"s},
             {R"(["\uffff\u07ff\u0800"])", "\xef\xbf\xbf\xdf\xbf\xe0\xa0\x80"},
             {R"(["\ud83d\ude00"])", "\xf0\x9f\x98\x80"},
             {R"(["\ud83d"])", "\xed\xa0\xbd"},
             {R"(["\ude00\ud83d"])", "\xed\xb8\x80\xed\xa0\xbd"},
             {R"(["\ud83d\u0041"])", "\xed\xa0\xbd\x41"},
             {R"(["\ud83d\n"])", "\xed\xa0\xbd\n"},
             {R"(["\ud83d\ud83d\ude00"])", "\xed\xa0\xbd\xf0\x9f\x98\x80"},
         }) {
        const array_scan scan = scanned(row.text);
        BOOST_TEST(scan.starts_with_string);
        BOOST_TEST(!scan.starts_with_integer);
        BOOST_TEST(scan.first == row.first, row.text);
    }
}

BOOST_AUTO_TEST_CASE(an_event_may_be_named_by_an_integer_and_by_nothing_else) {
    BOOST_TEST(scanned("[7,\"x\"]").starts_with_integer);
    BOOST_TEST(!scanned("[7.5]").starts_with_integer);
    BOOST_TEST(!scanned("[null,7]").starts_with_integer);
    for (const std::string_view text : {"[]", R"([["a"]])", R"([{"a":"b"},"c"])", R"([1,"a"])"}) {
        BOOST_TEST(!scanned(text).starts_with_string, text);
        BOOST_TEST(scanned(text).first.empty(), text);
    }
}

BOOST_AUTO_TEST_CASE(placeholders_are_found_wherever_they_stand) {
    struct row {
        std::string_view text;
        placeholders expected;
    };
    for (const row& row : std::vector<row>{
             {R"(["e",{"_placeholder":true,"num":0}])", {0}},
             {R"([{"num":3,"_placeholder":true}])", {3}},
             {R"([ { "_placeholder" : true , "x" : [ ] , "num" : 12 } ])", {12}},
             {R"([{"\u005fplaceholder":true,"n\u0075m":5}])", {5}},
             {R"([{"a":[{"_placeholder":true,"num":1}]},{"_placeholder":true,"num":0}])", {1, 0}},
             {R"([{"_placeholder":true,"num":2147483647}])", {2147483647}},
             {R"([{"_placeholder":true,"num":-0}])", {0}},
             // Python asks for a true value, not for `true`.
             {R"([{"_placeholder":1,"num":4}])", {4}},
             {R"([{"_placeholder":"x","num":4}])", {4}},
             {R"([{"_placeholder":[0],"num":4}])", {4}},
             {R"([{"_placeholder":{"a":0},"num":4}])", {4}},
             {R"([{"_placeholder":0.1,"num":4}])", {4}},
             // The last of equal keys counts.
             {R"([{"_placeholder":false,"num":9,"_placeholder":true,"num":4}])", {4}},
             {R"([{"_placeholder":true,"num":"a","num":4}])", {4}},
         }) {
        const array_scan scan = scanned(row.text);
        BOOST_TEST(scan.placeholders == row.expected, row.text);
        BOOST_TEST(!scan.bad_placeholder, row.text);
    }
}

BOOST_AUTO_TEST_CASE(what_only_looks_like_a_placeholder_is_none) {
    for (const std::string_view text : {
             R"(["_placeholder",true,"num",0])",
             R"([{"_placeholder":false,"num":0}])",
             R"([{"_placeholder":null,"num":0}])",
             R"([{"_placeholder":0,"num":0}])",
             R"([{"_placeholder":-0,"num":0}])",
             R"([{"_placeholder":0.0e9,"num":0}])",
             R"([{"_placeholder":"","num":0}])",
             R"([{"_placeholder":[ ],"num":0}])",
             R"([{"_placeholder":{},"num":0}])",
             R"([{"_placeholder":1}])",
             R"([{"num":0}])",
             R"([{"_placeholder":{"num":0}}])",
             R"([{"_placeholder ":true,"num":0}])",
             R"([{"_placeholder":true,"num":0,"_placeholder":false}])",
             R"([[{"_placeholder":[]}],true,{"num":0}])",
         }) {
        const array_scan scan = scanned(text);
        BOOST_TEST(scan.placeholders.empty(), text);
        BOOST_TEST(!scan.bad_placeholder, text);
    }
}

BOOST_AUTO_TEST_CASE(a_placeholder_without_a_usable_number_is_bad) {
    for (const std::string_view text : {
             R"([{"_placeholder":true}])",
             R"([{"_placeholder":true,"num":null}])",
             R"([{"_placeholder":true,"num":"0"}])",
             R"([{"_placeholder":true,"num":-1}])",
             R"([{"_placeholder":true,"num":0.0}])",
             R"([{"_placeholder":true,"num":1e2}])",
             R"([{"_placeholder":true,"num":2147483648}])",
             R"([{"_placeholder":true,"num":99999999999999999999}])",
             R"([{"_placeholder":true,"num":true}])",
             R"([{"_placeholder":true,"num":[0]}])",
             R"([{"_placeholder":true,"num":{"num":0}}])",
             R"([{"_placeholder":1,"num":"0"}])",
             R"([{"_placeholder":true,"num":0,"num":"0"}])",
         }) {
        const array_scan scan = scanned(text);
        BOOST_TEST(scan.bad_placeholder, text);
        BOOST_TEST(scan.placeholders.empty(), text);
    }
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_can_be_refused) {
    for (const char* text : {"NaN", "[Infinity]", R"({"a":-Infinity})"}) {
        BOOST_TEST(valid(text));
        BOOST_TEST(!valid(text, {.non_finite = false}));
    }
    BOOST_TEST(valid("[-1.5e3,null]", {.non_finite = false}));
}

BOOST_AUTO_TEST_CASE(a_quoted_string_escapes_what_json_requires_and_nothing_else) {
    BOOST_TEST(quoted("") == R"("")");
    BOOST_TEST(quoted("plain text, longer than a word") == R"("plain text, longer than a word")");
    BOOST_TEST(quoted("\"\\/") == R"("\"\\/")");
    BOOST_TEST(quoted("\b\f\n\r\t") == R"("\b\f\n\r\t")");
    BOOST_TEST(quoted("\0\x01\x1f\x7f"s) == "\"\\u0000\\u0001\\u001f\x7f\"");
    BOOST_TEST(quoted("h\xc3\xa9 \xf0\x9f\x98\x80") == "\"h\xc3\xa9 \xf0\x9f\x98\x80\"");
    std::string out = "[";
    append_quoted(out, "a");
    BOOST_TEST(out == R"(["a")");
}

BOOST_AUTO_TEST_CASE(whatever_was_quoted_is_read_back_alike) {
    for (int c = 0; c < 256; ++c) {
        const std::string text = "before " + std::string(1, static_cast<char>(c)) + " after";
        BOOST_TEST(scanned("[" + quoted(text) + "]").first == text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
