#define BOOST_TEST_MODULE sio_native
#include <boost/test/included/unit_test.hpp>
