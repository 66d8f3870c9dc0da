#define BOOST_TEST_MODULE eio
#include <boost/test/included/unit_test.hpp>
