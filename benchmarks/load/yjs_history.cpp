#include "load/yjs_history.hpp"

#include "load/yjs_update.hpp"

#include <string_view>
#include <utility>

namespace load {
namespace {

void append_id(std::string& to, std::size_t clock) {
    append_number(to, yjs_history::client);
    append_number(to, clock);
}

} // namespace

yjs_history::yjs_history(std::size_t edits) {
    for (std::size_t i = 0; i < edits; ++i) {
        if (left_ == 0) {
            next_stroke();
        }
        --left_;
        if (taking_back_ && cursor_ != none) {
            take_back();
        } else {
            type();
        }
    }
}

// Typing and taking back in turn, often elsewhere.
void yjs_history::next_stroke() {
    taking_back_ = !taking_back_;
    left_ = 1 + below(taking_back_ ? 33 : 79);
    if (!taking_back_ && !next_.empty() && below(100) < 55) {
        cursor_ = below(next_.size());
        find_visible();
    }
}

void yjs_history::find_visible() {
    while (cursor_ != none && deleted_[cursor_]) {
        cursor_ = previous_[cursor_];
    }
}

void yjs_history::type() {
    const std::size_t clock = next_.size();
    const std::size_t right = cursor_ == none ? first_ : next_[cursor_];
    std::string update{1, 1};
    append_id(update, clock);
    update += static_cast<char>(0x04 | (cursor_ == none ? 0 : 0x80) | (right == none ? 0 : 0x40));
    if (cursor_ != none) {
        append_id(update, cursor_);
    }
    if (right != none) {
        append_id(update, right);
    }
    if (cursor_ == none && right == none) {
        update += std::string_view("\1\4text", 6);
    }
    update += '\1';
    update += static_cast<char>('a' + clock % 26);
    update += '\0';
    updates_.push_back(std::move(update));

    next_.push_back(right);
    previous_.push_back(cursor_);
    deleted_.push_back(false);
    (cursor_ == none ? first_ : next_[cursor_]) = clock;
    if (right != none) {
        previous_[right] = clock;
    }
    cursor_ = clock;
}

void yjs_history::take_back() {
    std::string update{0, 1};
    append_number(update, client);
    update += '\1';
    append_number(update, cursor_);
    update += '\1';
    updates_.push_back(std::move(update));
    deleted_[cursor_] = true;
    find_visible();
}

} // namespace load
