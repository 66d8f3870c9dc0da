#define BOOST_TEST_MODULE base
#include <boost/test/included/unit_test.hpp>
