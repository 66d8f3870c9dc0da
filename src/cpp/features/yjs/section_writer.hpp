// Writes a client's blocks one after another, joins those that may be, and marks what is missing.
#pragma once

#include "features/yjs/block.hpp"

#include <optional>
#include <string>

namespace features::yjs {

class section_writer {
public:
    explicit section_writer(bool squash) noexcept : squash_(squash) {}

    // In the order of their clocks, none that overlap, no skips.
    void add(const block& next);

    // Appends what was added, and is empty again. False if that was nothing: a client without
    // blocks is not written.
    bool finish(std::string& out);

private:
    void join(const block& next);
    void flush();

    bool squash_;
    id first_;
    std::uint64_t blocks_ = 0;
    std::string body_;
    // The last one, to which the next may still be joined, and has been if there is content of
    // more than one.
    std::optional<block> open_;
    std::string joined_;
};

} // namespace features::yjs
