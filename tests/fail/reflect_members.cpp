// must say: reflect: a layer may have at most 24 members; group some into a struct
#include "constformer/core/manifest.hpp"

struct crowd {
    constformer::vector<1> a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y;
};
constexpr auto all = constformer::manifest<crowd>();
