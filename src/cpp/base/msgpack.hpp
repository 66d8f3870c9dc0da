// msgpack read item by item, without a tree; and the few items written that a packet's header has.
// No state but the reader's own: any thread. Made for hostile bytes: no recursion, one pass,
// bounded depth. https://github.com/msgpack/msgpack/blob/master/spec.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base::msgpack {

// Containers in containers. msgpack for Python writes 511 levels and reads 1,024.
constexpr std::size_t max_depth = 512;

enum class kind : std::uint8_t {
    nil,
    boolean,
    integer,
    real,
    string,
    binary,
    array,
    map,
    extension,
};

struct item {
    kind is = kind::nil;
    bool negative = false;      // an integer below zero, whose value nobody asks for
    std::uint64_t number = 0;   // any other integer; of an array or a map how many values follow
    std::string_view content{}; // of a string or a binary; of an extension behind its type's byte
};

class reader {
public:
    explicit reader(std::string_view data) noexcept : rest_(data) {}

    // The next item. An array or a map is its head alone: the values in it follow, a map's keys and
    // values in turn. Nothing when it is cut off, of no kind, or a string that is not UTF-8; what
    // is left is then of no use.
    [[nodiscard]] std::optional<item> next() noexcept;

    // The next value as it is written, with all that is in it. Nothing also when it goes deeper
    // than max_depth.
    [[nodiscard]] std::optional<std::string_view> value() noexcept;

    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
    std::optional<std::uint64_t> take_number(std::size_t width) noexcept;
    std::optional<std::string_view> take(std::uint64_t size) noexcept;
    std::optional<item> content(kind is, std::optional<std::uint64_t> size) noexcept;
    std::optional<item> fixed(kind is, std::size_t size) noexcept;

    std::string_view rest_;
};

// They append to `out`.
void append_map(std::string& out, unsigned pairs);         // at most 15; keys and values follow
void append_array(std::string& out, std::uint32_t values); // which follow
void append_unsigned(std::string& out, std::uint64_t number);
void append_string(std::string& out, std::string_view utf8);

} // namespace base::msgpack
