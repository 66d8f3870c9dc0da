// What a document consists of: a snapshot and the updates behind it. Belongs to one thread.
#pragma once

#include "features/yjs/coverage.hpp"
#include "features/yjs/options.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace features::yjs {

class history {
public:
    history(const options& chosen, counters& counted) : options_(chosen), counters_(counted) {}

    enum class outcome : std::uint8_t { added, known, malformed, full };
    // A peer's bytes: all is checked before they become part of it. `known`: they are already.
    // `bounded`: only if there is room for it.
    [[nodiscard]] outcome add(std::string_view update, bool bounded = true);
    // Whether it is an update, and adds nothing.
    [[nodiscard]] bool contains(std::string_view update) const;
    [[nodiscard]] const char* fault() const noexcept { return fault_; } // of the malformed one

    [[nodiscard]] bool empty() const noexcept { return snapshot_.empty() && tail_.empty(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return snapshot_.size() + tail_bytes_; }
    [[nodiscard]] std::size_t tail_updates() const noexcept { return tail_.size(); }
    [[nodiscard]] std::size_t tail_bytes() const noexcept { return tail_bytes_; }
    // One update that has all; that of nothing for an empty one. Put together when it is asked for.
    [[nodiscard]] std::string_view state();
    [[nodiscard]] std::string vector() const;
    // What a peer with this state vector has not got. False: it is none.
    [[nodiscard]] bool diff(std::string_view vector, std::string& into);
    // Makes one snapshot of all, as it does by itself when the tail has grown.
    void compact();
    // Forgets all.
    void clear();

private:
    const options& options_;
    counters& counters_;
    std::string snapshot_;
    std::vector<std::string> tail_;
    std::size_t tail_bytes_ = 0;
    coverage coverage_;
    std::string state_; // of a large one with a tail; empty: to be made
    const char* fault_ = nullptr;
};

} // namespace features::yjs
