// stop: ends a text where one of several strings begins, and shows none of it, however the text comes in pieces.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace constformer {

// Text goes through push() and comes out once it cannot be the beginning of a stop string any more.
class stop_strings {
  public:
    // Empty strings are left out.
    explicit stop_strings(std::span<const std::string> strings = {}) {
        for (const std::string& one : strings)
            if (!one.empty()) strings_.push_back(one);
    }

    // What can be shown now; valid until the next call.
    [[nodiscard]] std::string_view push(std::string_view more) {
        shown_.clear();
        if (stopped_) return {};
        waiting_ += more;
        std::size_t first = waiting_.npos, held = 0;
        for (const std::string& stop : strings_) {
            first = std::min(first, waiting_.find(stop));
            for (std::size_t part = std::min(stop.size() - 1, waiting_.size()); part > held; --part)
                if (waiting_.ends_with(std::string_view(stop).substr(0, part))) held = part;
        }
        stopped_ = first != waiting_.npos;
        const std::size_t show = stopped_ ? first : waiting_.size() - held;
        shown_ = waiting_.substr(0, show);
        waiting_.erase(0, stopped_ ? waiting_.size() : show);
        return shown_;
    }
    // What was held back, where the text ends without one.
    [[nodiscard]] std::string_view finish() {
        shown_.swap(waiting_);
        waiting_.clear();
        return shown_;
    }
    // Whether one was found.
    [[nodiscard]] bool stopped() const { return stopped_; }

  private:
    std::vector<std::string> strings_;
    std::string waiting_, shown_;
    bool stopped_ = false;
};

} // namespace constformer
