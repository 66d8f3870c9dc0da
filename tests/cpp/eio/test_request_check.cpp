#include "eio/request_check.hpp"
#include "eio/world.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace {

struct bad_request {
    const char* query;
    const char* method;
    const char* body;
    friend std::ostream& operator<<(std::ostream& out, const bad_request& bad) {
        return out << bad.method << " ?" << bad.query;
    }
};

const bad_request bad_requests[] = {
    {"EIO=4", "GET", R"({"code":0,"message":"Transport unknown"})"},
    {"EIO=4&transport=abc", "GET", R"({"code":0,"message":"Transport unknown"})"},
    {"EIO=4&transport=__proto__", "GET", R"({"code":0,"message":"Transport unknown"})"},
    {"EIO=4&transport=polling&sid=abc", "GET", R"({"code":1,"message":"Session ID unknown"})"},
    {"EIO=4&transport=polling", "POST", R"({"code":2,"message":"Bad handshake method"})"},
    {"EIO=4&transport=polling", "PUT", R"({"code":2,"message":"Bad handshake method"})"},
    {"EIO=4&transport=websocket", "GET", R"({"code":3,"message":"Bad request"})"},
    {"EIO=3&transport=polling", "GET", R"({"code":5,"message":"Unsupported protocol version"})"},
    {"transport=polling", "GET", R"({"code":5,"message":"Unsupported protocol version"})"},
    {"EIO=abc&transport=polling", "GET", R"({"code":5,"message":"Unsupported protocol version"})"},
};

std::string header(const eio::http_response& response, std::string_view name) {
    for (const auto& each : response.headers)
        if (eio::equal_ignoring_case(each.name, name))
            return each.value;
    return "";
}

} // namespace

BOOST_AUTO_TEST_SUITE(request_check)

BOOST_DATA_TEST_CASE(a_bad_request_is_answered_as_by_the_reference_server, bad_requests, bad) {
    fake::world world;
    const auto answer = world.ask(fake::world::request(bad.query, bad.method))->response;
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->status == 400);
    BOOST_TEST(answer->body == bad.body);
    BOOST_TEST(header(*answer, "Content-Type") == "application/json");
    BOOST_TEST(world.server.session_count() == 0U);
}

struct origin_case {
    std::optional<std::vector<std::string>> allowed;
    bool any;
    bool enabled;
    const char* origin;
    bool secure;
    const char* forwarded_host;
    bool passes;
    friend std::ostream& operator<<(std::ostream& out, const origin_case& each) {
        return out << each.origin;
    }
};

const std::vector<origin_case> origins{
    {{}, false, true, "http://example.org", false, "", true},
    {{}, false, true, "https://example.org", false, "", false},
    {{}, false, true, "https://example.org", true, "", true},
    {{}, false, true, "http://example.org.evil.test", false, "", false},
    {{}, false, true, "http://evil.test", false, "", false},
    {{}, false, true, "http://example.or", false, "", false},
    {{}, false, true, "http://proxy.test", false, "proxy.test", true},
    {{}, false, false, "http://evil.test", false, "", true},
    {{}, true, true, "http://anyone.test", false, "", true},
    {{{"http://a.test", "http://b.test"}}, false, true, "http://b.test", false, "", true},
    {{{"http://a.test"}}, false, true, "http://example.org", false, "", false},
};

BOOST_DATA_TEST_CASE(only_allowed_origins_pass, origins, each) {
    eio::config options;
    options.cors.enabled = each.enabled;
    options.cors.any_origin = each.any;
    options.cors.origins = each.allowed;
    fake::world world(options);
    auto request = fake::world::request("EIO=4&transport=polling");
    request.headers.push_back({"Origin", each.origin});
    request.secure = each.secure;
    if (*each.forwarded_host)
        request.headers.push_back({"X-Forwarded-Host", each.forwarded_host});
    const auto answer = world.ask(request)->response;
    BOOST_REQUIRE(answer);
    if (each.passes) {
        BOOST_TEST(answer->status == 200);
        BOOST_TEST(
            header(*answer, "Access-Control-Allow-Origin") == (each.enabled ? each.origin : ""));
    } else {
        BOOST_TEST(answer->status == 403);
        BOOST_TEST(answer->body == R"({"code":4,"message":"Forbidden"})");
        BOOST_TEST(header(*answer, "Access-Control-Allow-Origin") == "");
    }
}

BOOST_AUTO_TEST_CASE(the_applications_own_verdict_on_an_origin_counts) {
    fake::world world;
    auto request = fake::world::request("EIO=4&transport=polling");
    request.headers.push_back({"Origin", "http://friend.test"});
    request.origin_allowed = true;
    BOOST_TEST(world.ask(request)->response->status == 200);
    request.headers.back().value = "http://example.org";
    request.origin_allowed = false;
    BOOST_TEST(world.ask(request)->response->status == 403);
}

BOOST_AUTO_TEST_CASE(a_preflight_is_answered_with_what_is_allowed) {
    fake::world world;
    auto request = fake::world::request("EIO=4&transport=polling", "OPTIONS");
    request.headers.push_back({"Origin", "http://example.org"});
    request.headers.push_back({"Access-Control-Request-Headers", "X-Token"});
    const auto answer = world.ask(request)->response;
    BOOST_TEST(answer->status == 200);
    BOOST_TEST(header(*answer, "Access-Control-Allow-Methods") == "OPTIONS, GET, POST");
    BOOST_TEST(header(*answer, "Access-Control-Allow-Headers") == "X-Token");
    BOOST_TEST(header(*answer, "Access-Control-Allow-Credentials") == "true");
}

BOOST_AUTO_TEST_SUITE_END()
