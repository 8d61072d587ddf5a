// support: a directory that is gone after the test, and small files to put in it.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace files_test {

class directory {
  public:
    directory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "constformer-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    directory(const directory&) = delete;
    directory& operator=(const directory&) = delete;

    [[nodiscard]] std::string operator/(std::string_view name) const { return (path_ / name).string(); }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
    }

  private:
    std::filesystem::path path_;
};

inline void put(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }
inline std::string get(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
// A copy of exactly these bytes, so that a sanitizer sees the first one read beyond them.
inline std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}
// The sentence of an expected<T> or a status; empty where there is none.
template <class Result> std::string sentence(const Result& result) {
    return result ? std::string() : std::string(result.error().what());
}
// BOOST_TEST(found == expected), without a template for each of some hundred uses.
inline void same(std::string_view found, std::string_view expected,
                 std::source_location where = std::source_location::current()) {
    BOOST_CHECK_MESSAGE(found == expected,
                        "line " << where.line() << ": \"" << found << "\" is not \"" << expected << '"');
}

} // namespace files_test
