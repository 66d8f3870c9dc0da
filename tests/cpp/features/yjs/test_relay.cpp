// What surrounds the algebra: lists of integers, cursors, and when a document is stored.
#include "features/yjs/cursors.hpp"
#include "features/yjs/json_members.hpp"
#include "features/yjs/open_webui.hpp"
#include "features/yjs/store_timing.hpp"

#include <boost/test/unit_test.hpp>

using namespace features::yjs;
using namespace std::chrono_literals;
using namespace std::string_literals;

BOOST_AUTO_TEST_SUITE(yjs_relay)

BOOST_AUTO_TEST_CASE(every_byte_goes_to_a_list_and_comes_back) {
    std::string all;
    for (int each = 0; each < 256; ++each)
        all.push_back(static_cast<char>(each));
    std::string list = "x";
    append_list(list, all);
    BOOST_TEST(list.starts_with("x[0,1,2,"));
    BOOST_TEST(list.ends_with(",254,255]"));
    BOOST_TEST((bytes_of_list(list.substr(1)) == all));
    list.clear();
    append_list(list, "");
    BOOST_TEST(list == "[]");
    BOOST_TEST((bytes_of_list(" [ ]"s.substr(1)) == ""s));
    BOOST_TEST((bytes_of_list("[ 1 , 2 ]") == "\1\2"s));
}

BOOST_AUTO_TEST_CASE(what_is_no_list_of_bytes_is_none) {
    for (const auto* wrong :
         {"",
          "[",
          "[1",
          "[1,",
          "[,1]",
          "[256]",
          "[1000]",
          "[-1]",
          "[1.5]",
          "[1e1]",
          "[\"1\"]",
          "[[1]]",
          "{}",
          "null",
          "[1 2]"})
        BOOST_TEST(!bytes_of_list(wrong).has_value(), wrong);
}

BOOST_AUTO_TEST_CASE(members_of_an_object_are_found_whatever_their_values_are) {
    json_members in(R"( {"a" : [1,{"b":"]}"}] , "b\"":"x,y", "c":-1.5e3,"d":{}} )");
    const auto next = [&] {
        const auto found = in.next();
        return found ? std::string(found->key) + "=" + std::string(found->value) : "none";
    };
    BOOST_TEST(next() == R"(a=[1,{"b":"]}"}])");
    BOOST_TEST(next() == R"(b\"="x,y")");
    BOOST_TEST(next() == "c=-1.5e3");
    BOOST_TEST(next() == "d={}");
    BOOST_TEST(next() == "none");
    for (const auto* cut : {"{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":[", "{\"a\":\"", "["})
        BOOST_TEST(!json_members(cut).next().has_value(), cut);
}

BOOST_AUTO_TEST_CASE(a_note_has_one_name) {
    std::string name;
    const sio::arguments args{R"(["ydoc:document:join",{"document_id":"note_7"}])", {}};
    const auto read = open_webui::read(request_kind::join, args, options{}, name);
    BOOST_TEST(std::get<request>(read).document == "note:7");
}

BOOST_AUTO_TEST_CASE(what_javascript_cannot_read_is_not_passed_on) {
    std::string name;
    const options chosen;
    const sio::arguments join{R"(["e",{"document_id":"d","user_id":NaN,"user_name":[1]}])", {}};
    const auto joined = std::get<request>(open_webui::read(request_kind::join, join, chosen, name));
    BOOST_TEST(joined.user_id == "null");
    BOOST_TEST(joined.user_name == "[1]");
    const sio::arguments data{
        R"(["e",{"data":{"content":NaN},"update":[0,0],"document_id":"d"}])", {}};
    const auto read = open_webui::read(request_kind::update, data, chosen, name);
    BOOST_TEST(std::get<request>(read).data == "");
    BOOST_TEST(std::get<request>(read).data_dropped);
    BOOST_TEST(std::get<request>(read).has_update);
    counters counted;
    cursors here(chosen, counted);
    cursor_set changed;
    const auto taken = here.take_json(
        "a", R"({"1":{"cursor":NaN}})", [](const std::string&) { return true; }, changed);
    BOOST_TEST((taken == cursors::outcome::malformed));
}

BOOST_AUTO_TEST_CASE(a_rendering_that_is_too_large_costs_nobody_the_update) {
    std::string name;
    const options chosen{.max_data_bytes = 20};
    const auto read = [&](const std::string& content) {
        const sio::arguments args{
            R"(["e",{"data":{"content":")" + content + R"("},"document_id":"d","update":[0,0]}])",
            {}};
        return std::get<request>(open_webui::read(request_kind::update, args, chosen, name));
    };
    BOOST_TEST(read("short").data == R"({"content":"short"})");
    BOOST_TEST(!read("short").data_dropped);
    BOOST_TEST(read("too long by far").data == "");
    BOOST_TEST(read("too long by far").data_dropped);
    BOOST_TEST(read("too long by far").bytes == "\0\0"s);
}

BOOST_AUTO_TEST_CASE(a_refusal_names_the_document_wherever_its_name_stands) {
    std::string name;
    const sio::arguments args{R"(["e",{"update":[1,2,3],"document_id":"note_1"}])", {}};
    const auto read = open_webui::read(request_kind::update, args, {.max_update_bytes = 2}, name);
    BOOST_TEST((std::get<refusal>(read) == refusal::too_large));
    BOOST_TEST(name == "note:1");
}

BOOST_AUTO_TEST_CASE(a_name_that_is_no_text_is_refused) {
    std::string name;
    for (const auto* id : {R"("\ud800")", R"("")", "7", "null", "[]"}) {
        const sio::arguments args{R"(["e",{"document_id":)" + std::string(id) + "}]", {}};
        const auto read = open_webui::read(request_kind::join, args, options{}, name);
        BOOST_TEST((std::get<refusal>(read) == refusal::malformed), id);
    }
}

namespace {

struct table {
    options chosen;
    counters counted;
    cursors here{chosen, counted};
    std::string said(const std::string& sid, std::string_view json, bool may_take = true) {
        cursor_set changed;
        const auto taken =
            here.take_json(sid, json, [&](const std::string&) { return may_take; }, changed);
        return taken == cursors::outcome::taken ? as_json(changed) : "refused";
    }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(cursors_go_with_their_owner_and_keep_their_names, table) {
    BOOST_TEST(said("a", R"({"1":{"user":"A","cursor":5}})") == R"({"1":{"user":"A","cursor":5}})");
    BOOST_TEST(said("b", R"({"2":{"user":"B","cursor":6}})") == R"({"2":{"user":"B","cursor":6}})");
    BOOST_TEST(as_json(here.remove_of("a")) == R"({"1":{"user":"A","cursor":null}})");
    BOOST_TEST(as_json(here.all()) == R"({"2":{"user":"B","cursor":6}})");
}

BOOST_FIXTURE_TEST_CASE(nobody_moves_or_ends_anothers_cursor, table) {
    (void)said("a", R"({"1":{"cursor":5}})");
    BOOST_TEST(said("b", R"({"1":{"cursor":9}})", false) == "{}");
    BOOST_TEST(said("b", R"({"1":null})") == "{}");
    BOOST_TEST(counted.awareness_foreign == 2U);
    BOOST_TEST(as_json(here.all()) == R"({"1":{"cursor":5}})");
}

BOOST_FIXTURE_TEST_CASE(a_member_has_so_many_cursors_and_no_more, table) {
    for (int each = 0; each < 100; ++each)
        (void)said("a", "{\"" + std::to_string(each) + "\":{}}");
    BOOST_TEST(here.all().size() == cursors::max_of_member);
}

BOOST_FIXTURE_TEST_CASE(what_comes_back_unchanged_changes_nothing, table) {
    (void)said("a", R"({"1":{"cursor":5}})");
    cursor_set changed;
    const auto taken = here.take_protocol(
        "b", as_protocol(here.all()), [](const std::string&) { return true; }, changed);
    BOOST_TEST((taken == cursors::outcome::taken));
    BOOST_TEST(changed.empty());
    BOOST_TEST(here.all().at(1).owner == "a");
}

BOOST_AUTO_TEST_CASE(a_document_is_stored_once_it_rests_or_has_not_for_long) {
    const options chosen;
    store_timing timing(chosen);
    const base::time_point start{100s};
    BOOST_TEST(!timing.due().has_value());
    timing.changed(start);
    BOOST_TEST((timing.due() == start + 500ms));
    for (auto at = start; at < start + 10s; at += 100ms)
        timing.changed(at);
    BOOST_TEST((timing.due() == start + 5s));
    timing.begin();
    BOOST_TEST(!timing.due().has_value());
    BOOST_TEST(!timing.clean());
    timing.changed(start + 11s); // while it is being stored
    timing.end(true, start + 12s);
    BOOST_TEST((timing.due() == start + 11s + 500ms));
    timing.begin();
    timing.end(true, start + 12s);
    BOOST_TEST(timing.clean());
}

BOOST_AUTO_TEST_CASE(what_could_not_be_stored_is_tried_again_later_each_time) {
    const options chosen;
    store_timing timing(chosen);
    auto now = base::time_point{100s};
    timing.changed(now);
    for (const auto pause : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
        timing.begin();
        timing.end(false, now);
        BOOST_TEST((timing.due() == now + pause));
        now += pause;
    }
    timing.begin();
    timing.end(true, now);
    BOOST_TEST(timing.clean());
}

BOOST_AUTO_TEST_SUITE_END()
