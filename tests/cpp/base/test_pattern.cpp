#include "base/pattern.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <random>
#include <regex>
#include <stdexcept>
#include <string>

using base::pattern;

BOOST_AUTO_TEST_SUITE(patterns)

BOOST_AUTO_TEST_CASE(the_whole_text_has_to_match) {
    const auto id = pattern::regex("[0-9a-f]{24}");
    BOOST_TEST(id.matches("507f1f77bcf86cd799439011"));
    for (const auto* wrong :
         {"",
          "507f1f77bcf86cd79943901",
          "507f1f77bcf86cd7994390111",
          "507F1F77BCF86CD799439011",
          "507f1f77bcf86cd799439011\n",
          " 507f1f77bcf86cd799439011"})
        BOOST_TEST(!id.matches(wrong));
}

BOOST_AUTO_TEST_CASE(it_reads_what_it_says_that_it_does) {
    const auto matches = [](const char* regex, const char* text) {
        return pattern::regex(regex).matches(text);
    };
    BOOST_TEST(matches("^all$", "all"));
    BOOST_TEST(matches("a|b|", ""));
    BOOST_TEST(matches("(?:ab|c)+\\.d?", "abcab."));
    BOOST_TEST(matches("[]a-c-]+", "]-b"));
    BOOST_TEST(matches("[^/]*", "ä€😀"));
    BOOST_TEST(!matches("[^/]*", "a/b"));
    BOOST_TEST(matches(".{3}", "ä€😀"));
    BOOST_TEST(!matches(".", "\n"));
    BOOST_TEST(matches("\\w\\W\\d\\D\\s\\S", "a-1a a"));
    BOOST_TEST(matches("[\\w.]{2,}", "a.b"));
    BOOST_TEST(!matches("[\\w.]{2,3}", "a.bc"));
    BOOST_TEST(matches("x{0}", ""));
    BOOST_TEST(matches("((a*)*b?)*", "aabab"));
    BOOST_TEST(!pattern::regex(".*").matches("\xff"));
    BOOST_TEST(!pattern::regex("a*").matches(std::string(1'025, 'a')));
}

BOOST_AUTO_TEST_CASE(what_it_cannot_read_is_refused) {
    for (const auto* wrong :
         {"(",   ")",   "[",     "[z-a]", "*",  "a**", "a+?", "a{2",   "a{3,2}",          "a{1001}",
          "\\1", "\\b", "(?=a)", "(?i)a", "a^", "a$b", "\\",  "[\\D]", "(a{1000}){1000}", "\xff"})
        BOOST_CHECK_THROW((void)pattern::regex(wrong), std::invalid_argument);
    BOOST_CHECK_THROW(
        (void)pattern::regex(std::string(60, '(') + std::string(60, ')')), std::invalid_argument);
    BOOST_CHECK_THROW((void)pattern::glob(std::string(1'025, 'a')), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_glob_has_stars_and_question_marks_alone) {
    BOOST_TEST(pattern::glob("job:*").matches("job:"));
    BOOST_TEST(pattern::glob("job:*").matches("job:a\nb"));
    BOOST_TEST(!pattern::glob("job:*").matches("jobs:1"));
    BOOST_TEST(pattern::glob("a?c.*").matches("a€c.x"));
    BOOST_TEST(!pattern::glob("a.c").matches("abc"));
    BOOST_TEST(pattern::glob("[a](b|c)\\d").matches("[a](b|c)\\d"));
}

// What takes a backtracking matcher ages is over at once.
BOOST_AUTO_TEST_CASE(no_pattern_and_text_take_long_together) {
    const std::string text(1'000, 'a');
    BOOST_TEST(!pattern::regex("(a*)*b").matches(text));
    BOOST_TEST(!pattern::regex("(a|aa)+b").matches(text));
    BOOST_TEST(!pattern::regex("(a?){300}a{300}b").matches(text));
    BOOST_TEST(!pattern::glob("*a*a*a*a*a*a*a*a*b").matches(text));
}

BOOST_AUTO_TEST_CASE(it_agrees_with_the_standard_library_on_random_patterns) {
    std::mt19937 random(1);
    const auto pick = [&random](std::string_view from) { return from[random() % from.size()]; };
    for (int i = 0; i < 3'000; ++i) {
        std::string made;
        for (auto length = random() % 8; length > 0; --length)
            made += pick("ab.|()*+?[]^-");
        std::optional<std::regex> theirs;
        std::optional<pattern> ours;
        try {
            ours = pattern::regex(made);
            theirs = std::regex("(?:" + made + ")");
        } catch (const std::exception&) {
            continue; // not of both
        }
        for (int j = 0; j < 20; ++j) {
            std::string text;
            for (auto length = random() % 6; length > 0; --length)
                text += pick("ab-^");
            BOOST_TEST(
                ours->matches(text) == std::regex_match(text, *theirs), made << " and " << text);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
