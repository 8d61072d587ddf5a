#include <boost/test/unit_test.hpp>

#include "constformer/files/atomic_write.hpp"
#include "support.hpp"

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace constformer;
using namespace files_test;

namespace {
// No file may grow beyond `bytes` while this lives: what a full disk does to a write, on any machine.
class small_disk {
  public:
    explicit small_disk(rlim_t bytes) {
        BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        const rlimit now{bytes, before_.rlim_max};
        BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &now) == 0);
    }
    ~small_disk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_{};
};
status write_text(const std::string& path, std::string_view text) {
    return write_atomically(path, std::as_bytes(std::span(text)));
}
} // namespace

BOOST_AUTO_TEST_SUITE(files_atomic_write)

BOOST_AUTO_TEST_CASE(writes_and_replaces) {
    const directory here;
    same(sentence(write_text(here / "a", "one")), "");
    same(get(here / "a"), "one");
    same(sentence(write_text(here / "a", "")), "");
    same(get(here / "a"), "");
    const std::string head = "he", tail = "llo";
    BOOST_TEST(
        sentence(write_atomically(here / "a", {std::as_bytes(std::span(head)), std::as_bytes(std::span(tail))})) == "");
    same(get(here / "a"), "hello");
    BOOST_TEST(here.files() == 1u);
}

BOOST_AUTO_TEST_CASE(an_unfinished_file_does_not_appear) {
    const directory here;
    put(here / "a", "old");
    {
        auto file = atomic_file::create(here / "a");
        BOOST_REQUIRE(file);
        same(sentence(file->write(bytes_of("new"))), "");
        same(get(here / "a"), "old");
        BOOST_TEST(here.files() == 2u);
    }
    same(get(here / "a"), "old");
    BOOST_TEST(here.files() == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_the_old_file) {
    const directory here;
    put(here / "a", "old");
    {
        const small_disk disk(1000);
        const std::string why = ": cannot be written: File too large; nothing was changed";
        same(sentence(write_text(here / "a", std::string(5000, 'x'))), (here / "a") + why);
        same(sentence(write_text(here / "b", std::string(5000, 'x'))), (here / "b") + why);
        auto file = atomic_file::create(here / "c");
        BOOST_REQUIRE(file);
        BOOST_TEST(!file->write(bytes_of(std::string(1001, 'x'))));
        same(sentence(file->write({})), (here / "c") + ": is no longer being written");
        same(sentence(file->commit()), (here / "c") + ": is no longer being written");
        same(sentence(write_text(here / "d", std::string(1000, 'x'))), "");
    }
    same(get(here / "a"), "old");
    BOOST_TEST(here.files() == 2u);
    // The signal that came with it was taken, and nothing about signals is left changed.
    sigset_t set;
    BOOST_REQUIRE(::sigpending(&set) == 0);
    BOOST_TEST(::sigismember(&set, SIGXFSZ) == 0);
    BOOST_REQUIRE(::pthread_sigmask(SIG_BLOCK, nullptr, &set) == 0);
    BOOST_TEST(::sigismember(&set, SIGXFSZ) == 0);
}

BOOST_AUTO_TEST_CASE(follows_links_and_keeps_permissions) {
    const directory here;
    put(here / "a", "old");
    BOOST_REQUIRE(::chmod((here / "a").c_str(), 0640) == 0);
    std::filesystem::create_symlink(here / "a", here / "link");
    same(sentence(write_text(here / "link", "new")), "");
    BOOST_TEST(std::filesystem::is_symlink(here / "link"));
    same(get(here / "a"), "new");
    struct stat about{};
    BOOST_REQUIRE(::stat((here / "a").c_str(), &about) == 0);
    BOOST_TEST((about.st_mode & 0777) == 0640u);
}

BOOST_AUTO_TEST_CASE(says_where_it_cannot_write) {
    const directory here;
    same(sentence(write_text(here / "no/a", "x")), (here / "no/a") + ": cannot be written: No such file or directory");
    same(sentence(write_text(here / ".", "x")), (here / ".") + ": cannot be written: is a directory");
    same(sentence(write_text("/dev/full", "x")), "/dev/full: cannot be written: is not a regular file");
    BOOST_TEST(here.files() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
