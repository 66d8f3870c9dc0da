#include "base/json_find.hpp"

#include <boost/test/unit_test.hpp>

namespace json = base::json;

BOOST_AUTO_TEST_SUITE(parts_of_json)

BOOST_AUTO_TEST_CASE(elements_are_found_as_they_stand) {
    const auto* const text = " [ \"a,]\\\"\" , {\"b\":[1,2]} ,3.5, [ ] ]";
    BOOST_TEST(json::element(text, 0).value() == "\"a,]\\\"\"");
    BOOST_TEST(json::element(text, 1).value() == "{\"b\":[1,2]}");
    BOOST_TEST(json::element(text, 2).value() == "3.5");
    BOOST_TEST(json::element(text, 3).value() == "[ ]");
    BOOST_TEST(!json::element(text, 4));
    BOOST_TEST(json::elements(text, 9).size() == 4);
    BOOST_TEST(json::elements(text, 2).size() == 2);
    BOOST_TEST(json::elements("[]", 9).empty());
    BOOST_TEST(json::elements("{\"a\":1}", 9).empty());
}

BOOST_AUTO_TEST_CASE(members_are_found_by_name_and_the_last_counts) {
    const auto* const text = "{\"a\":1, \"i\\u0064\" : \"x\",\"b\":{\"c\":2},\"a\":[3]}";
    BOOST_TEST(json::member(text, "a").value() == "[3]");
    BOOST_TEST(json::member(text, "id").value() == "\"x\"");
    BOOST_TEST(json::member(text, "b").value() == "{\"c\":2}");
    BOOST_TEST(!json::member(text, "c"));
    BOOST_TEST(!json::member("[1]", "a"));
}

BOOST_AUTO_TEST_CASE(strings_are_decoded_and_other_values_are_none) {
    BOOST_TEST(json::string("\"a\\n\\u00e4\\ud83d\\ude00\"").value() == "a\nä😀");
    BOOST_TEST(!json::string("\"\\ud83d\""));
    BOOST_TEST(!json::string("1"));
    BOOST_TEST(!json::string("\""));
    BOOST_TEST(!json::string("\"a\"b\""));
}

BOOST_AUTO_TEST_CASE(a_text_that_was_never_checked_does_no_harm) {
    for (const auto* broken :
         {"", "[", "[\"", "{\"a", "{\"a\":", "{,}", "[,1]", "{\"a\"}", "[1", "}"}) {
        (void)json::elements(broken, 9);
        BOOST_TEST(!json::member(broken, "b"));
    }
}

BOOST_AUTO_TEST_SUITE_END()
