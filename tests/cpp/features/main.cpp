#define BOOST_TEST_MODULE features
#include <boost/test/included/unit_test.hpp>
