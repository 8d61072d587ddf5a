// safetensors_header: the JSON header of a safetensors file, from bytes that nobody vouches for. What passes describes
// a data section that is covered by its tensors exactly: each as long as its type and shape need, no overlap, no hole.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/files/spell.hpp"
#include "constformer/files/stored_tensor.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace constformer::detail {

struct safetensors_entry {
    std::string name;
    dtype type{};
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0, end = 0; // within the data section
};

// Receives the header's tokens as nlohmann::json meets them, so that a key given twice is seen (a parsed object would
// keep one of the two) and nothing nests deeper than the format does. Each function returns false to stop.
class safetensors_header {
  public:
    // The longest header, as in the reference implementation.
    static constexpr std::uint64_t most_bytes = 100'000'000;
    // As many dimensions as a PyTorch tensor can have; it bounds the memory that a header can ask for.
    static constexpr std::size_t most_dimensions = 64;

    std::vector<safetensors_entry> entries; // by position in the data
    std::vector<std::pair<std::string, std::string>> metadata;

    // `text` describes `data_bytes` bytes of data; `subject` begins each sentence.
    static expected<safetensors_header> read(std::string_view text, std::uint64_t data_bytes,
                                             const std::string& subject) {
        safetensors_header header;
        if (text.empty() || text.front() != '{') return error(subject, ": the header does not begin with {");
        // The parser takes a NUL for the end of the text and would leave what follows unseen.
        if (const auto nul = text.find('\0'); nul != text.npos)
            return error(subject, ": the header holds a NUL at byte ", nul);
        const bool read = nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &header);
        if (!read && header.why_.empty()) header.why_ = "the header is not JSON";
        if (header.why_.empty()) header.check_names();
        if (header.why_.empty()) header.check_layout(data_bytes);
        if (!header.why_.empty()) return error(subject, ": ", header.why_);
        return header;
    }

    // What nlohmann::json calls.
    bool null() { return other("null"); }
    bool boolean(bool) { return other("true or false"); }
    bool number_integer(std::int64_t) {
        return where_ == place::shape || where_ == place::offsets ? refuse("a negative number") : other("a number");
    }
    bool number_float(double, const std::string&) {
        return where_ == place::shape || where_ == place::offsets
                   ? refuse("a number that is not whole or not below 2^64")
                   : other("a number");
    }
    bool number_unsigned(std::uint64_t number) {
        if (where_ == place::shape) {
            if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
                return refuse("a length of 2^63 or more");
            if (entry_.shape.size() == most_dimensions) return refuse("more than 64 dimensions");
            entry_.shape.push_back(static_cast<std::int64_t>(number));
            return true;
        }
        if (where_ != place::offsets) return other("a number");
        if (offsets_ < 2) (offsets_ == 0 ? entry_.begin : entry_.end) = number;
        return ++offsets_ <= 2 || refuse("more than two numbers");
    }
    bool string(std::string& text) {
        if (where_ == place::metadata) {
            metadata.emplace_back(key_, std::move(text));
            return true;
        }
        if (where_ != place::tensor || key_ != "dtype") return other("a string");
        const auto type = find_dtype(text);
        if (!type) return stop("tensor " + spell(entry_.name) + " has the unknown dtype " + spell(text));
        entry_.type = *type;
        return true;
    }
    bool binary(nlohmann::json::binary_t&) { return other("binary data"); }
    bool start_object(std::size_t) {
        if (where_ == place::outside)
            where_ = place::root;
        else if (where_ != place::root)
            return other("an object");
        else if (key_ == "__metadata__")
            where_ = place::metadata;
        else {
            entry_ = {};
            entry_.name = key_;
            seen_ = 0;
            where_ = place::tensor;
        }
        return true;
    }
    bool key(std::string& text) {
        key_ = std::move(text);
        if (where_ == place::root && key_ == "__metadata__" && std::exchange(has_metadata_, true))
            return stop("__metadata__ is there twice");
        if (where_ != place::tensor) return true;
        const unsigned bit = key_ == "dtype" ? 1 : key_ == "shape" ? 2 : key_ == "data_offsets" ? 4 : 0;
        if (bit == 0) return stop("tensor " + spell(entry_.name) + " has the unknown field " + spell(key_));
        if (seen_ & bit) return stop("tensor " + spell(entry_.name) + " has " + key_ + " twice");
        seen_ |= bit;
        return true;
    }
    bool end_object() {
        if (where_ == place::tensor) {
            const char* lacks = !(seen_ & 1)   ? "dtype"
                                : !(seen_ & 2) ? "shape"
                                : !(seen_ & 4) ? "data_offsets"
                                               : nullptr;
            if (lacks) return stop("tensor " + spell(entry_.name) + " has no " + lacks);
            entries.push_back(std::move(entry_));
        }
        where_ = where_ == place::root ? place::outside : place::root;
        return true;
    }
    bool start_array(std::size_t) {
        if (where_ != place::tensor || key_ == "dtype") return other("a list");
        where_ = key_ == "shape" ? place::shape : place::offsets;
        offsets_ = 0;
        return true;
    }
    bool end_array() {
        if (where_ == place::offsets && offsets_ != 2) return refuse("fewer than two numbers");
        where_ = place::tensor;
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& why) {
        const bool encoding = std::string_view(why.what()).find("ill-formed UTF-8") != std::string_view::npos;
        return stop((encoding ? "the header is not valid UTF-8 at byte " : "the header is not JSON at byte ") +
                    std::to_string(position));
    }

  private:
    enum class place { outside, root, metadata, tensor, shape, offsets };
    place where_ = place::outside;
    std::string key_, why_;
    safetensors_entry entry_;
    unsigned seen_ = 0;
    int offsets_ = 0;
    bool has_metadata_ = false;

    bool stop(std::string why) {
        why_ = std::move(why);
        return false;
    }
    bool refuse(const char* found) { return stop("tensor " + spell(entry_.name) + ": " + key_ + " holds " + found); }
    // A value of the wrong kind.
    bool other(const char* found) {
        if (where_ == place::outside) return stop(std::string("the header is ") + found + ", not an object");
        if (where_ == place::root)
            return stop((key_ == "__metadata__" ? key_ : "tensor " + spell(key_)) + " is " + found + ", not an object");
        if (where_ == place::metadata) return stop("__metadata__ " + spell(key_) + " is " + found + ", not a string");
        if (where_ != place::tensor) return refuse(found);
        return stop("tensor " + spell(entry_.name) + ": " + key_ + " is " + found +
                    (key_ == "dtype" ? ", not a string" : ", not a list"));
    }

    void check_names() {
        std::vector<const std::string*> names, keys;
        for (const auto& entry : entries) names.push_back(&entry.name);
        if (const auto* twice = first_twice(names)) stop("tensor " + spell(*twice) + " is there twice");
        for (const auto& [key, value] : metadata) keys.push_back(&key);
        if (const auto* twice = first_twice(keys)) stop("__metadata__ has " + spell(*twice) + " twice");
    }
    static const std::string* first_twice(std::vector<const std::string*>& texts) {
        std::sort(texts.begin(), texts.end(), [](auto a, auto b) { return *a < *b; });
        const auto twice = std::adjacent_find(texts.begin(), texts.end(), [](auto a, auto b) { return *a == *b; });
        return twice == texts.end() ? nullptr : *twice;
    }

    void check_layout(std::uint64_t data_bytes) {
        for (const auto& entry : entries) check_size(entry, data_bytes);
        if (!why_.empty()) return;
        std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
            return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
        });
        std::uint64_t covered = 0;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const auto& entry = entries[i];
            if (i && entry.begin == entry.end && entries[i - 1].begin == entry.begin && entries[i - 1].end == entry.end)
                return void(stop("the zero-size tensors " + spell(entries[i - 1].name) + " and " + spell(entry.name) +
                                 " share the range [" + range(entry) + "]"));
            if (entry.begin < covered)
                return void(stop("tensor " + spell(entry.name) + " at [" + range(entry) + "] overlaps tensor " +
                                 spell(entries[i - 1].name) + " at [" + range(entries[i - 1]) + "]"));
            if (entry.begin > covered)
                return void(stop("no tensor covers bytes " + std::to_string(covered) + " to " +
                                 std::to_string(entry.begin) + " of the data, before tensor " + spell(entry.name)));
            covered = entry.end;
        }
        if (covered != data_bytes)
            stop("the tensors cover " + std::to_string(covered) + " bytes of data, the file holds " +
                 std::to_string(data_bytes));
    }
    void check_size(const safetensors_entry& entry, std::uint64_t data_bytes) {
        if (!why_.empty()) return;
        const std::string tensor = "tensor " + spell(entry.name),
                          what = std::string(facts(entry.type).name) + " " + spell(entry.shape);
        const auto needed = bytes_needed(entry.type, entry.shape);
        if (entry.end < entry.begin)
            stop(tensor + ": data_offsets [" + range(entry) + "] are reversed");
        else if (!needed)
            stop(tensor + ": " + what + " is not a size below 2^64 bits in whole bytes");
        else if (*needed != entry.end - entry.begin)
            stop(tensor + ": " + what + " needs " + std::to_string(*needed) + " bytes, its offsets [" + range(entry) +
                 "] cover " + std::to_string(entry.end - entry.begin));
        else if (entry.end > data_bytes)
            stop(tensor + " ends at byte " + std::to_string(entry.end) + " of the data, the file holds " +
                 std::to_string(data_bytes));
    }
    static std::string range(const safetensors_entry& entry) {
        return std::to_string(entry.begin) + ", " + std::to_string(entry.end);
    }
};

} // namespace constformer::detail
