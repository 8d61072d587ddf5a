// What is absent takes no room; what is present is padded to whole panels and nothing else.
#include "constformer/core/manifest.hpp"
#include "constformer/core/matrix.hpp"
#include "constformer/layers/feed_forward.hpp"

using namespace constformer;

static_assert(sizeof(vector<1>) == 64 && sizeof(vector<16>) == 64 && sizeof(vector<17>) == 128);
static_assert(sizeof(matrix<16, 5>) == 5 * 64 && sizeof(matrix<17, 5>) == 2 * 5 * 64);
static_assert(sizeof(table<16, 4>) == 256 && alignof(table<3, 3>) == 64);

static_assert(sizeof(linear<36, 17, false>) == sizeof(matrix<17, 36>));
static_assert(sizeof(linear<36, 17>) == sizeof(matrix<17, 36>) + sizeof(vector<17>));
static_assert(sizeof(feed_forward<36, 40, activation::relu, false>) == sizeof(matrix<40, 36>) + sizeof(matrix<36, 40>));

// several absent members, also of one width, share no address and need none
struct hollow {
    [[no_unique_address]] when<false, vector<8>> a;
    [[no_unique_address]] when<false, linear<8, 8>> b;
    vector<16> c;
    [[no_unique_address]] when<false, table<3, 8>> d;
};
static_assert(sizeof(hollow) == sizeof(vector<16>));
static_assert(manifest<hollow>().size() == 1 && manifest<hollow>()[0].path() == "c");
static_assert(std::is_empty_v<absent<int>> && !std::is_same_v<absent<int>, absent<long>>);

static_assert(sizeof(rows<384>) == sizeof(float*) + 2 * sizeof(int) && std::is_trivially_copyable_v<rows<384>>);
