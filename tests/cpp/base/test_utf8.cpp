#include "base/utf8.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <string>

namespace {

// RFC 3629, section 4, the slow and obvious way.
std::string encoded(std::uint32_t point) {
    const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
    if (point < 0x80)
        return {byte(point)};
    if (point < 0x800)
        return {byte(0xC0 | point >> 6), byte(0x80 | (point & 63))};
    if (point < 0x10000)
        return {
            byte(0xE0 | point >> 12), byte(0x80 | (point >> 6 & 63)), byte(0x80 | (point & 63))};
    return {
        byte(0xF0 | point >> 18),
        byte(0x80 | (point >> 12 & 63)),
        byte(0x80 | (point >> 6 & 63)),
        byte(0x80 | (point & 63))};
}

} // namespace

BOOST_AUTO_TEST_SUITE(utf8)

BOOST_AUTO_TEST_CASE(every_code_point_is_valid_but_the_surrogates) {
    for (std::uint32_t point = 0; point <= 0x10FFFF + 64; ++point) {
        const bool valid = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
        if (base::is_utf8(encoded(point)) != valid)
            BOOST_FAIL("U+" << std::hex << point);
    }
}

BOOST_AUTO_TEST_CASE(overlong_forms_stray_and_missing_bytes_are_invalid) {
    for (const char* text :
         {"\xc0\x80",
          "\xc1\xbf",
          "\xe0\x80\x80",
          "\xe0\x9f\xbf",
          "\xf0\x8f\xbf\xbf",
          "\x80",
          "\xbf",
          "\xfe",
          "\xff",
          "\xe2\x82",
          "\xe2\x28\xa1",
          "\xf0\x28\x8c\xbc",
          "\xc3(",
          "sixteen ASCII chars and then \xff"})
        BOOST_TEST(!base::is_utf8(text));
    BOOST_TEST(base::is_utf8(""));
    BOOST_TEST(base::is_utf8("sixteen ASCII chars and then \xe2\x82\xac"));
}

BOOST_AUTO_TEST_CASE(a_text_may_be_cut_anywhere) {
    const std::string text = "k\xc3\xb6"
                             "ln \xe2\x82\xac \xf0\x9f\x98\x80 plain tail of ASCII";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        base::utf8_validator validator;
        BOOST_TEST(validator.feed(text.substr(0, cut)));
        BOOST_TEST(validator.feed(text.substr(cut)));
        BOOST_TEST(validator.complete());
    }
}

BOOST_AUTO_TEST_CASE(an_error_is_told_at_its_byte_and_stays) {
    base::utf8_validator validator;
    BOOST_TEST(validator.feed("\xf0"));
    BOOST_TEST(!validator.feed("\x80"));
    BOOST_TEST(!validator.feed("a"));
    BOOST_TEST(!validator.complete());
    validator.reset();
    BOOST_TEST(validator.feed("a"));
}

BOOST_AUTO_TEST_SUITE_END()
