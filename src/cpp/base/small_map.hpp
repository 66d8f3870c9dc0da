// A map that mostly has no entry or a few, and now and then a hundred thousand. Belongs to one
// thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace base {

// A row of entries, searched from end to end while they are few and through an index beyond. Empty
// it is 32 bytes and owns nothing.
template <class Key, class Value>
class small_map {
public:
    using entry = std::pair<Key, Value>;

    // Null when there is none; good until the map changes.
    [[nodiscard]] Value* find(const Key& key) noexcept {
        const auto at = place(key);
        return at == nowhere ? nullptr : &entries_[at].second;
    }
    // False, and nothing changed, when the key is there already.
    bool insert(const Key& key, const Value& value) {
        if (place(key) != nowhere)
            return false;
        entries_.emplace_back(key, value);
        if (places_)
            places_->emplace(key, entries_.size() - 1);
        else if (entries_.size() > searched)
            make_index();
        return true;
    }
    // False when there is none.
    bool erase(const Key& key) noexcept {
        const auto at = place(key);
        if (at == nowhere)
            return false;
        if (places_) {
            places_->find(entries_.back().first)->second = at;
            places_->erase(key);
        }
        entries_[at] = entries_.back();
        entries_.pop_back();
        if (entries_.empty())
            clear();
        return true;
    }
    // Gives its storage back too.
    void clear() noexcept {
        entries_ = {};
        places_ = nullptr;
    }

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    // In no order.
    [[nodiscard]] auto begin() const noexcept { return entries_.begin(); }
    [[nodiscard]] auto end() const noexcept { return entries_.end(); }

private:
    static constexpr std::size_t searched = 16;
    static constexpr std::size_t nowhere = SIZE_MAX;

    [[nodiscard]] std::size_t place(const Key& key) const noexcept {
        if (places_) {
            const auto found = places_->find(key);
            return found == places_->end() ? nowhere : found->second;
        }
        for (std::size_t i = 0; i < entries_.size(); ++i)
            if (entries_[i].first == key)
                return i;
        return nowhere;
    }
    void make_index() {
        places_ = std::make_unique<boost::unordered_flat_map<Key, std::size_t>>();
        for (std::size_t i = 0; i < entries_.size(); ++i)
            places_->emplace(entries_[i].first, i);
    }

    std::vector<entry> entries_;
    std::unique_ptr<boost::unordered_flat_map<Key, std::size_t>> places_;
};

} // namespace base
