// mapped: a whole file as read-only bytes, mapped and not copied: opening 90 MB costs what opening 90 bytes costs, and
// processes that use one file share its pages.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/files/spell.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace constformer {

// Owns the mapping; move only. The bytes begin on a page and stay where they are when the object moves.
// The size is taken once, at open: a program that shortens the file in place meanwhile takes the pages away under every
// reader, and the system then ends the reader with SIGBUS. Replace a file that is in use (atomic_write.hpp does), never
// rewrite it.
class mapped {
  public:
    // Maps the regular file at `path`. Missing, unreadable and empty files, directories, pipes and devices are errors.
    static expected<mapped> open(const std::string& path) {
        // O_NONBLOCK: a pipe without a writer would block open() itself, before anything could refuse it.
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (file < 0) return error(spell_path(path), ": cannot be opened: ", std::strerror(errno));
        auto result = map(file, path);
        ::close(file); // the mapping stays
        return result;
    }
    mapped(mapped&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    mapped& operator=(mapped&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~mapped() {
        if (data_) ::munmap(data_, size_);
    }

    // All bytes of the file, never none; valid as long as this object or the one that it was moved to.
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return {static_cast<const std::byte*>(data_), size_};
    }

  private:
    void* data_;
    std::size_t size_;

    mapped(void* data, std::size_t size) noexcept : data_(data), size_(size) {}

    static expected<mapped> map(int file, const std::string& path) {
        struct stat about{};
        if (::fstat(file, &about) != 0) return error(spell_path(path), ": cannot be read: ", std::strerror(errno));
        if (S_ISDIR(about.st_mode)) return error(spell_path(path), ": is a directory, not a file");
        if (!S_ISREG(about.st_mode)) return error(spell_path(path), ": is a pipe or a device, not a file");
        if (about.st_size == 0) return error(spell_path(path), ": is empty");
        const auto size = static_cast<std::uintmax_t>(about.st_size);
        if (size > SIZE_MAX) return error(spell_path(path), ": ", size, " bytes do not fit this machine's addresses");
        void* data = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_PRIVATE, file, 0);
        if (data == MAP_FAILED) return error(spell_path(path), ": cannot be mapped: ", std::strerror(errno));
        return mapped(data, static_cast<std::size_t>(size));
    }
};

} // namespace constformer
