// A Yjs update, format v1: what clients did, by the numbers they gave it, and what was deleted.
// A peer's bytes are decoded before anything is done with them; what is refused is of no use to
// any editor, or breaks those that apply it. Pure functions of bytes: any thread.
#pragma once

#include "features/yjs/block.hpp"
#include "features/yjs/range.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>

namespace features::yjs {

struct reject {
    const char* reason; // a literal, for a nack and a log
};

// What is in an update, without its contents.
struct summary {
    range_set structs;
    range_set deletes;
    std::size_t blocks = 0; // structs, those apart that stand for missing ones
    std::size_t bytes = 0;

    [[nodiscard]] bool empty() const noexcept { return structs.empty() && deletes.empty(); }
    // Whether it has all of each client from the first on, and so can be a document's state by
    // itself. One that has not waits in an editor until the rest has come.
    [[nodiscard]] bool complete() const noexcept;
};

// All is checked: bounds, counts against the bytes left, sums of clocks, UTF-8, JSON, depth, that
// no item refers ahead, and that nothing follows. An update of format v2 is refused.
[[nodiscard]] std::variant<summary, reject> decode(std::string_view update);

// Reads an update piece by piece: first all blocks, then all deletes.
class update_reader {
public:
    explicit update_reader(std::string_view update) noexcept;

    // Nothing behind the last one, or when it is not an update.
    std::optional<block> next_block() noexcept;
    std::optional<range> next_delete() noexcept;

    // Of the client whose block was read last, how many are still to come.
    [[nodiscard]] std::uint64_t blocks_left() const noexcept { return blocks_left_; }
    // Where it reads on.
    [[nodiscard]] const char* at() const noexcept { return in_.at(); }
    // After all deletes: null if it was an update.
    [[nodiscard]] const char* fault() const noexcept { return in_.fault(); }

private:
    lib0::reader in_;
    std::uint64_t clients_left_;
    std::uint64_t client_ = 0;
    std::uint64_t clock_ = 0;
    std::uint64_t blocks_left_ = 0;
    std::uint64_t deletes_left_ = 0;
    bool deleting_ = false; // the clients are those of the delete set
};

} // namespace features::yjs
