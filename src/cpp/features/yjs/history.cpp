#include "features/yjs/history.hpp"

#include "features/yjs/diff.hpp"
#include "features/yjs/merge.hpp"
#include "features/yjs/update.hpp"

#include <utility>
#include <variant>

namespace features::yjs {

namespace {

constexpr std::string_view nothing("\0\0", 2); // an update without structs and deletes
constexpr std::size_t small = 32 * 1024; // bytes: merged and checked in far less than a millisecond

std::vector<std::string_view>
parts(const std::string& snapshot, const std::vector<std::string>& tail) {
    std::vector<std::string_view> list;
    list.reserve(tail.size() + 1);
    if (!snapshot.empty())
        list.emplace_back(snapshot);
    list.insert(list.end(), tail.begin(), tail.end());
    return list;
}

} // namespace

history::outcome history::add(std::string_view update, bool bounded) {
    const auto decoded = decode(update);
    if (const auto* wrong = std::get_if<reject>(&decoded)) {
        fault_ = wrong->reason;
        return outcome::malformed;
    }
    const auto& in = std::get<summary>(decoded);
    if (in.empty() || coverage_.contains(in))
        return outcome::known;
    if (bounded && bytes() + update.size() > options_.max_document_bytes) {
        compact(); // a tenth of it perhaps
        if (bytes() + update.size() > options_.max_document_bytes)
            return outcome::full;
    }
    coverage_.add(in);
    tail_.emplace_back(update);
    tail_bytes_ += update.size();
    state_.clear();
    if (tail_.size() >= options_.tail_updates || tail_bytes_ >= options_.tail_bytes)
        compact();
    return outcome::added;
}

bool history::contains(std::string_view update) const {
    const auto decoded = decode(update);
    const auto* in = std::get_if<summary>(&decoded);
    return in != nullptr && (in->empty() || coverage_.contains(*in));
}

std::string_view history::state() {
    if (empty())
        return nothing;
    // Of a small one there is no second copy for as long as it rests.
    if (bytes() <= small)
        compact();
    if (tail_.empty())
        return snapshot_;
    // What the tail deletes is dropped with the next snapshot: it would take twice the time.
    if (state_.empty())
        state_ = merge(parts(snapshot_, tail_));
    return state_;
}

std::string history::vector() const {
    if (coverage_.exact())
        return encode_state_vector(coverage_.vector());
    return encode_state_vector(merge(parts(snapshot_, tail_)));
}

bool history::diff(std::string_view vector, std::string& into) {
    const auto decoded = decode_state_vector(vector);
    if (const auto* known = std::get_if<state_vector>(&decoded)) {
        into = known->clients().empty() ? std::string(state()) : yjs::diff(state(), *known);
        return true;
    }
    fault_ = std::get<reject>(decoded).reason;
    return false;
}

void history::compact() {
    if (tail_.empty())
        return;
    const auto all = parts(snapshot_, tail_);
    auto merged = merge(all, {.drop_deleted = options_.drop_deleted});
    // An update that was lost here would be lost for good.
    if (!is_merge_of(merged, all)) {
        ++counters_.failed_compactions;
        return;
    }
    ++counters_.compactions;
    snapshot_ = std::move(merged);
    snapshot_.shrink_to_fit(); // it grew by doubling
    tail_.clear();
    tail_.shrink_to_fit();
    tail_bytes_ = 0;
    state_.clear();
    state_.shrink_to_fit();
}

void history::clear() {
    snapshot_ = {};
    tail_ = {};
    tail_bytes_ = 0;
    coverage_ = {};
    state_ = {};
}

} // namespace features::yjs
