// Memory and work are numbers before anything runs.
#include "kernels/minilm_l6.hpp"

#include <memory>

using namespace constformer;

using embedder = bert<minilm_l6>;
static_assert(embedder::scratch(256) < 4 << 20);
static_assert(embedder::scratch(1) > 0 && embedder::scratch(1) % 64 == 0);
static_assert(embedder::scratch(64) < embedder::scratch(65));
static_assert(embedder::scratch(64, 1) < embedder::scratch(64, 2));
// a packed batch needs no more than its tokens in one sentence
static_assert(embedder::scratch(std::array{16, 48}) <= embedder::scratch(64));
static_assert(embedder::pool_scratch(3) == 3 * 384 * 4);

// 2 · multiplications of the maps of every token, and twice attention's two products
constexpr double maps = 2.0 * (4 * 384 * 384 + 2 * 384 * 1536);
static_assert(embedder::flops(128) == 6 * (128 * maps + 4.0 * 128 * 128 * 384));
static_assert(embedder::flops(std::array{64, 64}) == 6 * (128 * maps + 4.0 * 2 * 64 * 64 * 384));

static_assert(key_values<384>::bytes(10) == 2 * 10 * 384 * 4);
static_assert(together(64, 128) == 192 && either(64, 128) == 128 && room(3, 5) == 64);

// the observer and the single thread that nobody asked for cost nothing
static_assert(sizeof(basic_workspace<>) == 4 * sizeof(void*));
static_assert(std::is_trivially_copyable_v<basic_workspace<>>);
