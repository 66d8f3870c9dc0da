#include "eio/http.hpp"

#include <boost/test/unit_test.hpp>

using eio::content_encoding;

BOOST_AUTO_TEST_SUITE(http)

BOOST_AUTO_TEST_CASE(query_parameters_are_found_and_decoded) {
    const auto* query = "EIO=4&transport=polling&sid=a%2Fb+c&t=&empty&sid=second&bad=%zz%4";
    BOOST_TEST((eio::query_parameter(query, "EIO") == "4"));
    BOOST_TEST((eio::query_parameter(query, "sid") == "a/b c"));
    BOOST_TEST((eio::query_parameter(query, "t") == ""));
    BOOST_TEST((eio::query_parameter(query, "empty") == ""));
    BOOST_TEST((eio::query_parameter(query, "bad") == "%zz%4"));
    BOOST_TEST(!eio::query_parameter(query, "s"));
    BOOST_TEST(!eio::query_parameter("", "sid"));
}

BOOST_AUTO_TEST_CASE(header_names_are_compared_without_case) {
    eio::http_request request;
    request.headers = {{"Accept-Encoding", "gzip"}, {"accept-encoding", "deflate"}};
    BOOST_TEST(request.header("ACCEPT-encoding") == "gzip");
    BOOST_TEST(request.header("Accept") == "");
    BOOST_TEST(!request.has_header("Accept"));
}

BOOST_AUTO_TEST_CASE(the_best_encoding_that_the_client_takes_is_chosen) {
    BOOST_TEST((eio::accepted_encoding("gzip, deflate, br") == content_encoding::gzip));
    BOOST_TEST((eio::accepted_encoding("deflate, gzip;q=0.5") == content_encoding::gzip));
    BOOST_TEST((eio::accepted_encoding("gzip;q=0, deflate") == content_encoding::deflate));
    BOOST_TEST((eio::accepted_encoding("gzip; q=0.000") == content_encoding::identity));
    BOOST_TEST((eio::accepted_encoding("br") == content_encoding::identity));
    BOOST_TEST((eio::accepted_encoding("") == content_encoding::identity));
    BOOST_TEST((eio::accepted_encoding(",,;") == content_encoding::identity));
}

BOOST_AUTO_TEST_SUITE_END()
