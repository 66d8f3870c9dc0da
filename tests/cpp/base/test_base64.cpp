#include "base/base64.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

BOOST_AUTO_TEST_SUITE(base64)

BOOST_AUTO_TEST_CASE(the_examples_of_rfc_4648_encode) {
    const auto encoded = [](std::string_view data) {
        std::string out;
        base::append_base64(out, data);
        return out;
    };
    BOOST_TEST(encoded("") == "");
    BOOST_TEST(encoded("f") == "Zg==");
    BOOST_TEST(encoded("fo") == "Zm8=");
    BOOST_TEST(encoded("foo") == "Zm9v");
    BOOST_TEST(encoded("foob") == "Zm9vYg==");
    BOOST_TEST(encoded("fooba") == "Zm9vYmE=");
    BOOST_TEST(encoded("foobar") == "Zm9vYmFy");
}

BOOST_AUTO_TEST_CASE(any_bytes_come_back_with_and_without_padding) {
    std::mt19937 random(1);
    for (std::size_t size = 0; size < 70; ++size) {
        std::string data(size, '\0');
        for (auto& c : data)
            c = static_cast<char>(random());
        std::string text;
        base::append_base64(text, data);
        BOOST_TEST((base::decode_base64(text) == data));
        while (text.ends_with('='))
            text.pop_back();
        BOOST_TEST((base::decode_base64(text) == data));
    }
}

BOOST_AUTO_TEST_CASE(text_that_is_not_base64_is_refused) {
    for (const auto* bad : {"A", "AAAAA", "AA A", "AA=A", "A===", "AA-A", "AA_A", "=", "AAAA\n"})
        BOOST_TEST(!base::decode_base64(bad), bad);
}

BOOST_AUTO_TEST_SUITE_END()
