// atomic_write: a file appears whole or not at all. The bytes go to a temporary beside the target, which then takes the
// target's name in one step: whoever opens the target sees the old file or the new one, and a full disk costs nothing.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/files/spell.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <span>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace constformer {

// Writes one file. Whatever ends before a successful commit() removes the temporary and leaves an old file as it was:
//     auto file = atomic_file::create("model.weights");
//     if (!file) return file.error();
//     if (auto done = file->write(bytes); !done) return done;
//     return file->commit();
class atomic_file {
  public:
    // Begins the file at `path`; a link is followed, an existing file keeps its permissions. Errors: a directory that
    // is missing or may not be written, a target that is not a regular file (a device is never replaced).
    static expected<atomic_file> create(const std::string& path) {
        std::string target = path;
        if (char* real = ::realpath(path.c_str(), nullptr)) { // the file that a link names, not the link
            target = real;
            std::free(real);
        }
        struct stat old{};
        const bool exists = ::stat(target.c_str(), &old) == 0;
        if (exists && S_ISDIR(old.st_mode)) return error(spell_path(path), ": cannot be written: is a directory");
        if (exists && !S_ISREG(old.st_mode))
            return error(spell_path(path), ": cannot be written: is not a regular file");
        static std::atomic<unsigned> count{0};
        for (int attempt = 0;; ++attempt) {
            std::string temporary = target + ".part-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
            const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
            if (file < 0 && errno == EEXIST && attempt < 100) continue; // left by a process that was killed
            if (file < 0) return error(spell_path(path), ": cannot be written: ", std::strerror(errno));
            // Permissions are a courtesy: on a file system without them the write still counts.
            if (exists) (void)!::fchmod(file, old.st_mode & 0777);
            return atomic_file(file, path, std::move(target), std::move(temporary));
        }
    }
    atomic_file(atomic_file&& other) noexcept
        : file_(std::exchange(other.file_, -1)), path_(std::move(other.path_)), target_(std::move(other.target_)),
          temporary_(std::move(other.temporary_)) {}
    atomic_file& operator=(atomic_file&&) = delete;
    ~atomic_file() { abandon(); }

    // Adds bytes at the end. After an error nothing is left of the file and every later call repeats that it failed.
    status write(std::span<const std::byte> bytes) {
        if (file_ < 0) return error(spell_path(path_), ": is no longer being written");
        const signal_guard quiet;
        while (!bytes.empty()) {
            // No more than 1 GiB at a time: some systems refuse what does not fit an int.
            const ssize_t count = ::write(file_, bytes.data(), std::min<std::size_t>(bytes.size(), 1u << 30));
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) return fail(count < 0 ? errno : ENOSPC);
            bytes = bytes.subspan(static_cast<std::size_t>(count));
        }
        return {};
    }

    // Puts the file in its place, on disk.
    status commit() {
        if (file_ < 0) return error(spell_path(path_), ": is no longer being written");
        // Some file systems learn only here, or on close, that the disk is full.
        if (::fsync(file_) != 0 && errno != EINVAL && errno != EROFS) return fail(errno);
        if (::close(std::exchange(file_, -1)) != 0) return fail(errno);
        if (::rename(temporary_.c_str(), target_.c_str()) != 0) return fail(errno);
        temporary_.clear();
        // The new name itself survives a power cut only once the directory is on disk. The file is complete by now, and
        // not every file system can do this: not an error.
        const auto slash = target_.rfind('/');
        const std::string directory = slash == std::string::npos ? "." : target_.substr(0, slash + 1);
        if (const int parent = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); parent >= 0) {
            (void)::fsync(parent);
            ::close(parent);
        }
        return {};
    }

  private:
    int file_;
    std::string path_, target_, temporary_;

    atomic_file(int file, std::string path, std::string target, std::string temporary)
        : file_(file), path_(std::move(path)), target_(std::move(target)), temporary_(std::move(temporary)) {}

    void abandon() noexcept {
        if (file_ >= 0) ::close(std::exchange(file_, -1));
        if (!temporary_.empty()) ::unlink(temporary_.c_str());
        temporary_.clear();
    }
    error fail(int why) {
        abandon();
        return error(spell_path(path_), ": cannot be written: ", std::strerror(why), "; nothing was changed");
    }

    // A write beyond the process's file size limit raises SIGXFSZ, which by default ends the process and would leave
    // the temporary behind. While this lives, the thread gets the plain error instead.
    class signal_guard {
      public:
        signal_guard() noexcept {
            sigset_t waiting;
            ::sigpending(&waiting);
            ours_ = !::sigismember(&waiting, SIGXFSZ);
            ::sigemptyset(&set_);
            ::sigaddset(&set_, SIGXFSZ);
            ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
        }
        ~signal_guard() {
            sigset_t waiting;
            int taken = 0;
            ::sigpending(&waiting);
            if (ours_ && ::sigismember(&waiting, SIGXFSZ)) ::sigwait(&set_, &taken);
            ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        }
        signal_guard(const signal_guard&) = delete;
        signal_guard& operator=(const signal_guard&) = delete;

      private:
        sigset_t set_{}, before_{};
        bool ours_ = false;
    };
};

// The pieces, end to end, as the file at `path`.
inline status write_atomically(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
    auto file = atomic_file::create(path);
    if (!file) return file.error();
    for (const auto piece : pieces)
        if (auto done = file->write(piece); !done) return done;
    return file->commit();
}
inline status write_atomically(const std::string& path, std::initializer_list<std::span<const std::byte>> pieces) {
    return write_atomically(path, std::span(pieces.begin(), pieces.size()));
}
inline status write_atomically(const std::string& path, std::span<const std::byte> bytes) {
    return write_atomically(path, std::span<const std::span<const std::byte>>(&bytes, 1));
}

} // namespace constformer
