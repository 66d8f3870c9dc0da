#define BOOST_TEST_MODULE engine
#include <boost/test/included/unit_test.hpp>
