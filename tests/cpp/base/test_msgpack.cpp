#include "base/msgpack.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <vector>

namespace msgpack = base::msgpack;
using msgpack::kind;
using msgpack::reader;

namespace {

std::string bytes(std::initializer_list<int> values) {
    std::string made;
    for (const int each : values)
        made += static_cast<char>(each);
    return made;
}

std::string repeated(const std::string& piece, std::size_t times) {
    std::string made;
    for (std::size_t i = 0; i < times; ++i)
        made += piece;
    return made;
}

struct good_item {
    const char* what;
    std::string data;
    kind is;
    std::uint64_t number = 0;
    bool negative = false;
    std::string content{};
    friend std::ostream& operator<<(std::ostream& out, const good_item& each) {
        return out << each.what;
    }
};

// The table of formats in the specification.
const std::vector<good_item> good_items{
    {"positive fixint", bytes({0x7F}), kind::integer, 127},
    {"negative fixint", bytes({0xE0}), kind::integer, 0, true},
    {"nil", bytes({0xC0}), kind::nil},
    {"false", bytes({0xC2}), kind::boolean},
    {"true", bytes({0xC3}), kind::boolean},
    {"bin 8", bytes({0xC4, 2}) + "ab", kind::binary, 0, false, "ab"},
    {"bin 16", bytes({0xC5, 0, 1}) + "a", kind::binary, 0, false, "a"},
    {"bin 32", bytes({0xC6, 0, 0, 0, 0}), kind::binary},
    {"bin of any bytes", bytes({0xC4, 2, 0xFF, 0xC3}), kind::binary, 0, false, bytes({0xFF, 0xC3})},
    {"ext 8", bytes({0xC7, 1, 5}) + "x", kind::extension, 0, false, bytes({5}) + "x"},
    {"ext 16", bytes({0xC8, 0, 0, 5}), kind::extension, 0, false, bytes({5})},
    {"ext 32", bytes({0xC9, 0, 0, 0, 1, 5}) + "x", kind::extension, 0, false, bytes({5}) + "x"},
    {"float 32", bytes({0xCA, 0, 0, 0, 0}), kind::real},
    {"float 64", bytes({0xCB, 0, 0, 0, 0, 0, 0, 0, 0}), kind::real},
    {"uint 8", bytes({0xCC, 255}), kind::integer, 255},
    {"uint 16", bytes({0xCD, 1, 0}), kind::integer, 256},
    {"uint 32", bytes({0xCE, 1, 0, 0, 0}), kind::integer, 1U << 24},
    {"uint 64", bytes({0xCF, 0xFF, 0, 0, 0, 0, 0, 0, 1}), kind::integer, 0xFF00000000000001},
    {"int 8", bytes({0xD0, 127}), kind::integer, 127},
    {"int 8 below zero", bytes({0xD0, 0x80}), kind::integer, 0, true},
    {"int 16", bytes({0xD1, 1, 0}), kind::integer, 256},
    {"int 32 below zero", bytes({0xD2, 0xFF, 0, 0, 0}), kind::integer, 0, true},
    {"int 64", bytes({0xD3, 0, 0, 0, 0, 0, 0, 0, 9}), kind::integer, 9},
    {"int 64 below zero", bytes({0xD3, 0x80, 0, 0, 0, 0, 0, 0, 0}), kind::integer, 0, true},
    {"fixext 1", bytes({0xD4, 0, 0}), kind::extension, 0, false, bytes({0, 0})},
    {"fixext 16",
     bytes({0xD8, 9}) + std::string(16, 'x'),
     kind::extension,
     0,
     false,
     bytes({9}) + std::string(16, 'x')},
    {"fixstr", bytes({0xA2}) + "ab", kind::string, 0, false, "ab"},
    {"str 8", bytes({0xD9, 1}) + "a", kind::string, 0, false, "a"},
    {"str 16", bytes({0xDA, 0, 2}) + "\xC3\xA9", kind::string, 0, false, "\xC3\xA9"},
    {"str 32", bytes({0xDB, 0, 0, 0, 0}), kind::string},
    {"fixarray", bytes({0x92, 1, 2}), kind::array, 2},
    {"array 16", bytes({0xDC, 0, 1, 1}), kind::array, 1},
    {"array 32", bytes({0xDD, 0, 0, 0, 1, 1}), kind::array, 1},
    {"fixmap", bytes({0x81, 1, 2}), kind::map, 2},
    {"map 16", bytes({0xDE, 0, 1, 1, 2}), kind::map, 2},
    {"map 32", bytes({0xDF, 0, 0, 0, 1, 1, 2}), kind::map, 2},
};

const std::vector<std::string> bad_values{
    "",
    bytes({0xC1}),
    bytes({0xA1, 0xFF}),
    bytes({0xD9, 2, 0xC3}),
    bytes({0x91, 0xC1}),
    bytes({0x81, 1}),
    bytes({0xDD, 0xFF, 0xFF, 0xFF, 0xFF}),
    bytes({0xDF, 0xFF, 0xFF, 0xFF, 0xFF, 1}),
    bytes({0xDB, 0xFF, 0xFF, 0xFF, 0xFF}) + "a",
    bytes({0xC6, 0xFF, 0xFF, 0xFF, 0xFF}),
    bytes({0xC9, 0xFF, 0xFF, 0xFF, 0xFF, 0}),
};

} // namespace

BOOST_AUTO_TEST_SUITE(msgpack_items)

BOOST_DATA_TEST_CASE(an_item_is_read, good_items, each) {
    const auto item = reader(each.data).next();
    BOOST_REQUIRE(item);
    BOOST_TEST((item->is == each.is));
    BOOST_TEST(item->number == each.number);
    BOOST_TEST(item->negative == each.negative);
    BOOST_TEST(item->content == each.content);
}

BOOST_DATA_TEST_CASE(a_value_is_all_of_its_bytes_and_no_more, good_items, each) {
    const auto data = each.data + "\xC0";
    reader from(data);
    const auto value = from.value();
    BOOST_REQUIRE(value);
    BOOST_TEST(*value == each.data);
    BOOST_TEST(from.rest() == "\xC0");
}

BOOST_DATA_TEST_CASE(what_is_cut_off_is_nothing, good_items, each) {
    for (std::size_t size = 0; size < each.data.size(); ++size)
        BOOST_TEST(!reader(std::string_view(each.data).substr(0, size)).value());
}

BOOST_AUTO_TEST_CASE(what_is_malformed_is_nothing) {
    for (const auto& each : bad_values)
        BOOST_TEST(!reader(each).value());
}

BOOST_AUTO_TEST_CASE(containers_in_containers_are_one_value) {
    // [[], {"a": [1, {}]}, "b"]
    const auto data = bytes({0x93, 0x90, 0x81, 0xA1}) + "a" + bytes({0x92, 1, 0x80, 0xA1}) + "b";
    reader from(data);
    BOOST_TEST((from.value() == std::optional<std::string_view>(data)));
    BOOST_TEST(from.at_end());
}

BOOST_AUTO_TEST_CASE(nesting_has_a_limit) {
    const auto nested = [](std::size_t depth) {
        return repeated(bytes({0x91}), depth) + bytes({0xC0});
    };
    BOOST_TEST(reader(nested(msgpack::max_depth)).value().has_value());
    BOOST_TEST(!reader(nested(msgpack::max_depth + 1)).value().has_value());
    BOOST_TEST(!reader(nested(1'000'000)).value().has_value());
    // Next to each other they are not nested.
    const auto row = bytes({0xDC, 0xFF, 0xFF}) + repeated(bytes({0x91, 0xC0}), 0xFFFF);
    BOOST_TEST(reader(row).value().has_value());
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
    for (const std::uint64_t number :
         {0ULL,
          127ULL,
          128ULL,
          255ULL,
          256ULL,
          65'535ULL,
          65'536ULL,
          4'294'967'295ULL,
          4'294'967'296ULL,
          9'007'199'254'740'991ULL}) {
        std::string out;
        msgpack::append_unsigned(out, number);
        const auto item = reader(out).next();
        BOOST_REQUIRE(item);
        BOOST_TEST((item->is == kind::integer));
        BOOST_TEST(item->number == number);
    }
    for (const std::size_t size : {0U, 31U, 32U, 255U, 256U, 65'535U, 65'536U}) {
        std::string out;
        const std::string text(size, 'x');
        msgpack::append_string(out, text);
        const auto item = reader(out).next();
        BOOST_REQUIRE(item);
        BOOST_TEST((item->is == kind::string));
        BOOST_TEST((item->content == text));
    }
    std::string map;
    msgpack::append_map(map, 3);
    BOOST_TEST(reader(map).next()->number == 6U);
}

BOOST_AUTO_TEST_SUITE_END()
