// lines: texts in: words of the command line, or lines of the standard input as they come, in bounded memory.
#pragma once

#include "constformer/core/check.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace constformer::program {

// The lines of a file descriptor.
class line_reader {
  public:
    static constexpr std::size_t longest = std::size_t{16} << 20; // bytes of a line

    explicit line_reader(int from) : from_(from) {}

    // The next line without its end ("\n" or "\r\n"), valid until the next call; nothing behind the last one.
    // Errors: the input cannot be read; a line of more than `longest` bytes.
    expected<std::optional<std::string_view>> next() {
        std::size_t searched = begin_;
        for (;;) {
            const std::size_t end = text_.find('\n', searched);
            if (end != text_.npos) return take(end, end + 1);
            if (text_.size() - begin_ > longest) return error("is longer than ", longest, " bytes");
            searched = text_.size() - begin_;
            text_.erase(0, begin_), begin_ = 0;
            const std::size_t before = text_.size();
            text_.resize(before + block);
            ssize_t got;
            do got = ::read(from_, text_.data() + before, block);
            while (got < 0 && errno == EINTR);
            text_.resize(before + std::size_t(std::max<ssize_t>(got, 0)));
            if (got < 0) return error("the standard input cannot be read");
            if (got == 0 && text_.empty()) return std::optional<std::string_view>();
            if (got == 0) return take(text_.size(), text_.size());
        }
    }
    // Whether next() would wait for whoever writes the input.
    [[nodiscard]] bool waits() const {
        if (text_.find('\n', begin_) != text_.npos) return false;
        pollfd input{from_, POLLIN, 0};
        return ::poll(&input, 1, 0) == 0;
    }
    // Bytes of the lines so far.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    static constexpr std::size_t block = std::size_t{1} << 16;
    int from_;
    std::string text_; // lines from begin_ on
    std::size_t begin_ = 0;
    std::uint64_t bytes_ = 0;

    std::optional<std::string_view> take(std::size_t end, std::size_t next) {
        std::string_view line = std::string_view(text_).substr(begin_, end - begin_);
        bytes_ += next - begin_, begin_ = next;
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
    }
};

// A bar on the terminal for a file on the standard input, unless the answers go to the terminal too.
class progress_bar {
  public:
    progress_bar() {
        struct stat input{};
        if (::isatty(STDERR_FILENO) && !::isatty(STDOUT_FILENO) && ::fstat(STDIN_FILENO, &input) == 0 &&
            S_ISREG(input.st_mode) && input.st_size > 0)
            bytes_ = std::uint64_t(input.st_size);
    }
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;
    ~progress_bar() {
        if (shown_) std::fputs("\r\x1b[K", stderr);
    }
    void show(std::size_t texts, std::uint64_t bytes) {
        if (bytes_ == 0 || (texts & 15) != 0) return;
        const auto now = clock::now();
        if (now - last_ < std::chrono::milliseconds(100)) return;
        last_ = now, shown_ = true;
        constexpr int wide = 32;
        const double part = double(std::min(bytes, bytes_)) / double(bytes_),
                     seconds = std::chrono::duration<double>(now - begin_).count();
        const int full = int(part * wide);
        std::fprintf(stderr, "\r[%.*s%*s] %3.0f %%  %zu texts, %.0f a second\x1b[K", full,
                     "################################", wide - full, "", part * 100, texts, double(texts) / seconds);
    }

  private:
    using clock = std::chrono::steady_clock;
    std::uint64_t bytes_ = 0; // of the input; 0: no bar
    bool shown_ = false;
    clock::time_point begin_ = clock::now(), last_ = begin_;
};

// f(text) for every word, or for every line of the standard input where there is no word. idle() where f may not be
// called again soon: at the end, and before waiting for the input. Both return a status. Stops at the first error,
// behind an idle(), and says which line it was.
template <class F, class Idle> status each_text(std::span<const std::string_view> words, F&& f, Idle&& idle) {
    const auto stop = [&](const status& why) {
        const status last = idle();
        return why ? last : why;
    };
    for (const std::string_view word : words)
        if (status ok = f(word); !ok) return stop(ok);
    if (!words.empty()) return idle();

    line_reader input(STDIN_FILENO);
    progress_bar bar;
    for (std::size_t number = 1;; ++number) {
        if (input.waits())
            if (status ok = idle(); !ok) return ok;
        const auto line = input.next();
        if (!line) return stop(error("line ", number, ": ", line.error().what()));
        if (!*line) return idle();
        if (status ok = f(**line); !ok) return stop(error("line ", number, ": ", ok.error().what()));
        bar.show(number, input.bytes());
    }
}

} // namespace constformer::program
