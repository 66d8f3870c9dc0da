#include "net/output_queue.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace net {

namespace {

constexpr std::size_t kept_storage_bytes = 64 * 1024; // by an empty queue, for its next use

} // namespace

void output_queue::append_copy(std::string_view bytes) {
    if (bytes.empty())
        return;
    if (pieces_.size() == pieces_sent_ || pieces_.back().at)
        pieces_.emplace_back();
    copied_ += bytes;
    pieces_.back().size += bytes.size();
    size_ += bytes.size();
}

void output_queue::append_shared(base::bytes owner, std::string_view framed) {
    if (framed.empty())
        return;
    pieces_.push_back({framed.size(), std::move(owner), framed.data()});
    size_ += framed.size();
}

std::size_t output_queue::peek(std::span<std::string_view> views) const noexcept {
    std::size_t filled = 0;
    std::size_t copied_at = copied_sent_;
    for (auto i = pieces_sent_; i < pieces_.size() && filled < views.size(); ++i) {
        const auto& each = pieces_[i];
        if (each.at) {
            views[filled++] = {each.at, each.size};
        } else {
            views[filled++] = std::string_view(copied_).substr(copied_at, each.size);
            copied_at += each.size;
        }
    }
    return filled;
}

void output_queue::consume(std::size_t count) {
    assert(count <= size_);
    size_ -= count;
    if (size_ == 0)
        return clear();
    while (count > 0) {
        auto& next = pieces_[pieces_sent_];
        const auto sent = std::min(count, next.size);
        count -= sent;
        next.size -= sent;
        if (next.at)
            next.at += sent;
        else
            copied_sent_ += sent;
        if (next.size == 0) {
            next = {};
            ++pieces_sent_;
        }
    }
    // A queue that is never quite empty must not grow at its sent end.
    if (copied_sent_ > kept_storage_bytes) {
        copied_.erase(0, copied_sent_);
        copied_sent_ = 0;
    }
    if (pieces_sent_ > 64) {
        pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(pieces_sent_));
        pieces_sent_ = 0;
    }
}

void output_queue::move_to(output_queue& other) {
    std::size_t copied_at = copied_sent_;
    for (auto i = pieces_sent_; i < pieces_.size(); ++i) {
        auto& each = pieces_[i];
        if (each.at) {
            other.append_shared(std::move(each.owner), {each.at, each.size});
        } else {
            other.append_copy(std::string_view(copied_).substr(copied_at, each.size));
            copied_at += each.size;
        }
    }
    clear();
}

void output_queue::clear() {
    copied_.clear();
    if (copied_.capacity() > kept_storage_bytes)
        copied_.shrink_to_fit();
    pieces_.clear();
    copied_sent_ = pieces_sent_ = size_ = 0;
}

} // namespace net
