// What of a document's history is there: tells whether an update brings anything new. One thread.
#pragma once

#include "features/yjs/state_vector.hpp"
#include "features/yjs/update.hpp"

#include <cstddef>

namespace features::yjs {

class coverage {
public:
    // Of structs, and as many of deletes: 1.5 MB each. A document that has more of them forgets
    // all, and every update counts as new: they do no harm twice.
    static constexpr std::size_t max_ranges = 65'536;

    // O(log n) for what follows what is there, and a move of what lies behind for all else.
    void add(const summary& update);
    // Whether each of its structs and deletes is there.
    [[nodiscard]] bool contains(const summary& update) const noexcept;

    // False once there were too many ranges; then it is of no more use.
    [[nodiscard]] bool exact() const noexcept { return exact_; }
    [[nodiscard]] const range_set& structs() const noexcept { return structs_; }
    [[nodiscard]] const range_set& deletes() const noexcept { return deletes_; }
    [[nodiscard]] state_vector vector() const { return state_vector(structs_); }

private:
    range_set structs_;
    range_set deletes_;
    bool exact_ = true;
};

} // namespace features::yjs
