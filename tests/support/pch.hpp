// What almost every test source includes, compiled once per build.
#include <boost/test/unit_test.hpp>

#include "constformer/core/simd.hpp"

#include <cmath>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>
