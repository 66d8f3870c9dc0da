#include "features/yjs/awareness.hpp"
#include "features/yjs/made.hpp"

using features::yjs::awareness_state;
using features::yjs::decode_awareness;
using features::yjs::encode_awareness;
using features::yjs::lib0::max_integer;
using made::bytes;
using made::number;
using made::text;

namespace {

std::string refusal(const std::string& update) {
    const auto decoded = decode_awareness(update);
    const auto* refused = std::get_if<features::yjs::reject>(&decoded);
    return refused != nullptr ? refused->reason : "";
}

} // namespace

BOOST_AUTO_TEST_SUITE(yjs_awareness)

BOOST_AUTO_TEST_CASE(states_are_read_and_written_alike) {
    const std::string update = number(2) + number(2'000'000'000) + number(7) +
                               text(R"({"user":{"name":"é"}})") + number(1) + number(0) +
                               text("null");
    const auto decoded = decode_awareness(update);
    const auto& states = std::get<std::vector<awareness_state>>(decoded);
    BOOST_REQUIRE(states.size() == 2U);
    BOOST_TEST(states[0].client == 2'000'000'000U);
    BOOST_TEST(states[0].clock == 7U);
    BOOST_TEST(states[0].json == R"({"user":{"name":"é"}})");
    BOOST_TEST(!states[0].gone());
    BOOST_TEST(states[1].gone());
    BOOST_TEST(encode_awareness(states) == update);
    BOOST_TEST(refusal(bytes({0})) == ""); // of nobody
    BOOST_TEST(encode_awareness({}) == bytes({0}));
}

BOOST_AUTO_TEST_CASE(what_others_could_not_read_is_refused) {
    const std::string good = number(1) + number(5) + number(1) + text("{}");
    for (std::size_t size = 0; size < good.size(); ++size)
        BOOST_TEST(refusal(good.substr(0, size)) != "");
    BOOST_TEST(refusal(good + "x") == "bytes follow its end");
    for (const char* json : {"", "{", "NaN", "undefined", "\xFF"})
        BOOST_TEST(refusal(number(1) + number(5) + number(1) + text(json)) != "", json);
    BOOST_TEST(refusal(number(max_integer)) == "it has fewer bytes than it counts things");
    BOOST_TEST(
        refusal(number(1) + number(5) + number(max_integer) + text("{}")) ==
        "a clock leaves no room for a removal");
}

BOOST_AUTO_TEST_CASE(white_space_hides_no_removal) {
    const std::string update = number(1) + number(5) + number(1) + text(" null\n");
    const auto decoded = decode_awareness(update);
    BOOST_TEST(std::get<std::vector<awareness_state>>(decoded)[0].gone());
}

BOOST_AUTO_TEST_SUITE_END()
