#define BOOST_TEST_MODULE cost
#include <boost/test/included/unit_test.hpp>
