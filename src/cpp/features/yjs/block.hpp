// One struct of an update: an item, or a stretch that was collected or is missing. A view into the
// update's bytes; it can be cut in two, and written again.
#pragma once

#include "features/yjs/lib0.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace features::yjs {

struct id {
    std::uint64_t client = 0;
    std::uint64_t clock = 0;
    friend bool operator==(const id&, const id&) = default;
};

// Yjs's content references, the low five bits of a struct's first byte.
enum class content_kind : std::uint8_t {
    gc = 0, // collected: not an item any more
    deleted = 1,
    json = 2,
    binary = 3,
    string = 4,
    embed = 5,
    format = 6,
    type = 7,
    any = 8,
    doc = 9,
    skip = 10, // missing: not an item yet
};

struct block {
    // Bits of an item's first byte. It names its parent only if it has neither of the two ids, and
    // its place in a map behind the parent; `in_map` may be set without.
    static constexpr std::uint8_t has_origin = 0x80;
    static constexpr std::uint8_t has_right_origin = 0x40;
    static constexpr std::uint8_t in_map = 0x20;

    std::uint64_t client = 0;
    std::uint64_t clock = 0;
    std::uint64_t length = 0; // in UTF-16 units, or in values
    id origin;                // what it was put behind
    id right_origin;          // what it was put before
    // The ids or the parent as they are written, so that they are written again alike; empty when
    // the item was cut from the one before, to which `origin` refers then.
    std::string_view head;
    std::string_view content; // without the length of a string and the number of values
    content_kind kind = content_kind::skip;
    std::uint8_t flags = 0;
    // A surrogate pair was cut here. Yjs makes two U+FFFD of it, which are not in `content`.
    bool starts_cut = false;
    bool ends_cut = false;

    [[nodiscard]] std::uint64_t end() const noexcept { return clock + length; }
    [[nodiscard]] bool is_item() const noexcept {
        return kind != content_kind::gc && kind != content_kind::skip;
    }
    // Deleted, it keeps its place and its length, and loses the rest. Not a type, whose children
    // name it as their parent, nor a document.
    [[nodiscard]] bool droppable() const noexcept {
        return is_item() && kind != content_kind::deleted && kind != content_kind::type &&
               kind != content_kind::doc;
    }
    // Makes a deleted item of one that is droppable.
    void drop() noexcept;
};

// The next struct, checked as far as it can be alone: a reader that failed gives nothing of use.
[[nodiscard]] block
read_block(lib0::reader& in, std::uint64_t client, std::uint64_t clock) noexcept;

// Cuts off the first `length` units, fewer than it has, and returns them. As Yjs's splitItem. Costs
// what it cuts off, not what is left.
[[nodiscard]] block cut_front(block& whole, std::uint64_t length) noexcept;

// Whether `right`, next of the same client, may be written as a part of `left`. It may if whoever
// cuts there gets the same two again, for a receiver cuts where another item's origin lies.
[[nodiscard]] bool joinable(const block& left, const block& right) noexcept;

// They append to `out`. A block is its prefix, its content's size, and its content; of joined ones
// the first's prefix, the size of all, and each one's content.
void append_prefix(std::string& out, const block&);
void append_content(std::string& out, const block&);
void append_sized_content(
    std::string& out, const block& first, std::uint64_t length, std::string_view content);
void append_block(std::string& out, const block&);

} // namespace features::yjs
