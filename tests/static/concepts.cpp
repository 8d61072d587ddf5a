// What may be used where: leaves, destinations, rules, workspaces.
#include "constformer/core/manifest.hpp"
#include "constformer/core/matrix.hpp"
#include "constformer/core/workspace.hpp"
#include "constformer/layers/relative_bias.hpp"
#include "constformer/ops/rules.hpp"

using namespace constformer;

static_assert(leaf<vector<3>> && leaf<table<3, 4>> && leaf<matrix<3, 4>>);
static_assert(!leaf<int> && !leaf<absent<vector<3>>> && !leaf<std::array<vector<3>, 2>>);

static_assert(destination<rows<8>, 8> && destination<onto_rows<8>, 8>);
static_assert(!destination<rows<8>, 9> && !destination<const_rows<8>, 8> && !destination<float*, 8>);
static_assert(std::is_convertible_v<rows<8>, const_rows<8>>);
static_assert(!std::is_convertible_v<const_rows<8>, rows<8>> && !std::is_convertible_v<rows<8>, rows<9>>);

static_assert(ops::rule<ops::everything> && ops::rule<ops::causal> && ops::rule<ops::padding>);
static_assert(ops::rule<by_distance<4>> && ops::rule<decltype(ops::causal{} & ops::padding{} & by_distance<4>{})>);
static_assert(!ops::rule<float>);

static_assert(workspace<basic_workspace<>> && !workspace<std::byte*>);

// one sentence is its number of tokens
static_assert(lengths(7).tokens == 7 && lengths(std::array{3, 4}).longest == 4 &&
              lengths(std::array{3, 4}).squares == 25);
