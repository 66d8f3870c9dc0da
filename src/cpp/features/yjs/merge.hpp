// Many updates made one. Whoever applies it has what they would have of all of them, in whatever
// order; O(n log n) in their structs. Updates that were decoded before: what is not one adds what
// could be read of it. Any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace features::yjs {

struct merge_options {
    // Joins what a client did in one stroke, as single characters typed in a row. A tenth of the
    // size, and as many fewer structs to load. It loses nothing.
    bool squash = true;
    // Forgets the content of what is deleted, as Yjs's garbage collection does. An application
    // that shows earlier versions needs it.
    bool drop_deleted = false;
};

// Of what several updates have, the first one's is taken, as by a document that was given them in
// this order: who comes late cannot change what is there. What waits for missing structs is kept,
// and the gaps before it.
[[nodiscard]] std::string
merge(std::span<const std::string_view> updates, const merge_options& options = {});

// Whether `merged` is an update that has the very structs and deletes that all of these have: for
// whoever wants to be sure before the originals are thrown away.
[[nodiscard]] bool is_merge_of(std::string_view merged, std::span<const std::string_view> updates);

} // namespace features::yjs
