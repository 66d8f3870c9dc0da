#include "eio/request_head.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(request_head)

BOOST_AUTO_TEST_CASE(a_request_comes_back_as_it_was_without_its_body) {
    eio::http_request request;
    request.method = "GET";
    request.path = "/socket.io/";
    request.query = "EIO=4&transport=websocket&token=" + std::string(5'000, 'x');
    request.http_version = "2";
    request.headers = {
        {"Host", "example.org"},
        {"Cookie", "a=1"},
        {"Cookie", std::string(300, 'c')},
        {"X-Empty", ""},
        {"X-Bytes", std::string("\0\x80\xff", 3)}};
    request.body = "gone";
    request.remote_address = "2001:db8::1";
    request.remote_port = 65'535;
    request.local_address = "127.0.0.1";
    request.local_port = 127;
    request.secure = true;
    const auto back = eio::request_head(request).unpack();
    BOOST_TEST(back.method == request.method);
    BOOST_TEST(back.path == request.path);
    BOOST_TEST(back.query == request.query);
    BOOST_TEST(back.http_version == request.http_version);
    BOOST_REQUIRE(back.headers.size() == request.headers.size());
    for (std::size_t i = 0; i < back.headers.size(); ++i) {
        BOOST_TEST(back.headers[i].name == request.headers[i].name);
        BOOST_TEST(back.headers[i].value == request.headers[i].value);
    }
    BOOST_TEST(back.body == "");
    BOOST_TEST(back.remote_address == request.remote_address);
    BOOST_TEST(back.remote_port == request.remote_port);
    BOOST_TEST(back.local_address == request.local_address);
    BOOST_TEST(back.local_port == request.local_port);
    BOOST_TEST(back.secure);
}

BOOST_AUTO_TEST_CASE(a_request_of_nothing_comes_back_as_well) {
    const auto back = eio::request_head(eio::http_request{}).unpack();
    BOOST_TEST(back.method == "");
    BOOST_TEST(back.headers.empty());
    BOOST_TEST(!back.secure);
}

BOOST_AUTO_TEST_CASE(the_answer_of_an_origin_check_is_kept_with_its_absence) {
    for (const auto answer : {std::optional<bool>(), std::optional(false), std::optional(true)}) {
        eio::http_request request;
        request.origin_allowed = answer;
        BOOST_TEST((eio::request_head(request).unpack().origin_allowed == answer));
    }
}

BOOST_AUTO_TEST_SUITE_END()
