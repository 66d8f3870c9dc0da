#include "features/yjs/section_writer.hpp"

namespace features::yjs {

void section_writer::add(const block& next) {
    if (!open_) {
        first_ = {next.client, next.clock};
        open_ = next;
        return;
    }
    if (squash_ && joinable(*open_, next)) {
        join(next);
        return;
    }
    const std::uint64_t expected = open_->end();
    // What is put behind a value of a map is in the map; Yjs's mergeUpdates does not say so.
    const bool in_same_map = (open_->flags & block::in_map) != 0 &&
                             (next.flags & block::has_origin) != 0 &&
                             next.origin == id{next.client, expected - 1};
    flush();
    if (next.clock > expected) {
        body_ += static_cast<char>(content_kind::skip);
        lib0::append_number(body_, next.clock - expected);
        ++blocks_;
    }
    open_ = next;
    if (in_same_map)
        open_->flags |= block::in_map;
}

void section_writer::join(const block& next) {
    if (joined_.empty())
        append_content(joined_, *open_);
    append_content(joined_, next);
    open_->length += next.length;
}

void section_writer::flush() {
    if (joined_.empty()) {
        append_block(body_, *open_);
    } else {
        append_prefix(body_, *open_);
        append_sized_content(body_, *open_, open_->length, joined_);
        joined_.clear();
    }
    ++blocks_;
}

bool section_writer::finish(std::string& out) {
    if (!open_)
        return false;
    flush();
    lib0::append_number(out, blocks_);
    lib0::append_number(out, first_.client);
    lib0::append_number(out, first_.clock);
    out += body_;
    open_.reset();
    body_.clear();
    blocks_ = 0;
    return true;
}

} // namespace features::yjs
