#define BOOST_TEST_MODULE sio
#include <boost/test/included/unit_test.hpp>
