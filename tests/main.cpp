// The one source that compiles Boost.Test itself; every other test source includes <boost/test/unit_test.hpp> only.
#define BOOST_TEST_MODULE constformer
#include <boost/test/included/unit_test.hpp>
