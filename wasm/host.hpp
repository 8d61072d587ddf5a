// host: what every module offers its host, whatever its model does: the text buffer, what went wrong, the checks of a
// weights file's head, and the workers that share a forward. Included once a module.
#pragma once

#include "constformer/core/crew.hpp"
#include "constformer/files/packed.hpp"
#include "constformer/tasks/tokenizer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))
#define IMPORT(name) extern "C" __attribute__((import_module("env"), import_name(#name)))

namespace {
using namespace constformer;
#if defined(__wasm_atomics__)
using threads = on<crew>;
constexpr int stack_bytes = 1 << 16; // of a worker, which only runs kernels
#else
using threads = sequential;
#endif

// Constructed once and never destroyed: a module has no end.
template <class T> union lasting {
    T it;
    lasting() : it() {}
    ~lasting() {}
};
alignas(64) std::byte head_memory[sizeof(packed_header)];
char said[512];

const char* say(std::string_view text) { // what does not fit is cut off
    const auto size = std::min(text.size(), sizeof said - 1);
    std::memcpy(said, text.data(), size);
    said[size] = '\0';
    return said;
}
int no(const error& why) {
    say(why.what());
    return -1;
}
int no(const status& why) { return no(why.error()); }

// The bytes of the file that head_memory begins, or -1.
template <class Model> int measure_file() {
    const auto header = check_packed_header(head_memory, manifest_hash<Model>(), sizeof(Model), type_name<Model>());
    if (!header) return no(header.error());
    if (header->file_bytes > 0x7fff'ffff) return no(error("weights: ", header->file_bytes, " bytes do not fit here"));
    return int(header->file_bytes);
}

// The model in a whole file; the file's vocabulary, where it has one, becomes `words`. Errors: those of check_packed,
// verify_packed and read_tokenizer; more tokens than the model has.
template <class Model, class Words>
expected<const Model*> read_weights(std::span<const std::byte> file, const auto& config, Words& words) {
    const auto view = check_packed<Model>(file);
    if (!view) return view.error();
    if (const auto sound = verify_packed(*view); !sound) return sound.error();
    if (!view->text.empty()) {
        auto read = read_tokenizer<Words>(view->text, config);
        if (!read) return read.error();
        if (constexpr int most = Model::config.vocabulary; read->size() > most)
            return error("weights: a vocabulary of ", read->size(), " tokens for a model of ", most);
        words = std::move(*read);
    }
    return &view->template as<Model>();
}

#if defined(__wasm_atomics__)
lasting<std::optional<crew>> hired;
std::optional<crew>& workers = hired.it;
[[maybe_unused]] threads team() { return {workers ? &*workers : nullptr}; }
[[maybe_unused]] int size_of_team() { return workers ? workers->size() : 1; }
#else
[[maybe_unused]] threads team() { return {}; }
[[maybe_unused]] int size_of_team() { return 1; }
#endif
} // namespace

EXPORT(error) const char* last_error() { return said; }
// The first head_bytes() of a weights file go to head(); the module's measure() checks them.
EXPORT(head) std::byte* head() { return head_memory; }
EXPORT(head_bytes) int head_bytes() { return sizeof head_memory; }

#if defined(__wasm_atomics__)
// Workers that share a forward, the caller included. Before load(). Each of the others is a thread of the host that has
// made another instance over the same memory, not initialized it, set its __stack_pointer to share()'s result plus its
// number times stack_bytes(), and called serve(number), which does not return. 0: there is no memory.
EXPORT(share) std::byte* share(int size) {
    if (workers || size < 1) return nullptr;
    auto* stacks = static_cast<std::byte*>(std::aligned_alloc(64, std::size_t(size) * stack_bytes));
    if (stacks) workers.emplace(size);
    return stacks;
}
EXPORT(stack_bytes) int bytes_of_a_stack() { return stack_bytes; }
EXPORT(serve) void serve(int worker) { workers->serve(worker); }
#endif
