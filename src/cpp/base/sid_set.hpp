// Objects that are found by their own sid. Belongs to one thread.
#pragma once

#include "base/sid.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

namespace base {

// Owns its objects, which stay where they are. A place in the table is one pointer: the key is the
// sid inside the object, a member or an accessor that `Sid` names.
template <class Object, auto Sid>
class sid_set {
public:
    sid_set() = default;
    ~sid_set() {
        for (auto* each : objects_)
            delete each;
    }
    sid_set(const sid_set&) = delete;
    sid_set& operator=(const sid_set&) = delete;

    Object& add(std::unique_ptr<Object> added) {
        objects_.insert(added.get());
        return *added.release();
    }
    // Null when there is none.
    [[nodiscard]] Object* find(std::string_view sid) const noexcept {
        const auto found = objects_.find(sid);
        return found == objects_.end() ? nullptr : *found;
    }
    // Out of the set; it must be there.
    std::unique_ptr<Object> take(Object& leaving) noexcept {
        objects_.erase(&leaving);
        return std::unique_ptr<Object>(&leaving);
    }

    [[nodiscard]] std::size_t size() const noexcept { return objects_.size(); }
    [[nodiscard]] bool empty() const noexcept { return objects_.empty(); }
    [[nodiscard]] auto begin() const noexcept { return objects_.begin(); }
    [[nodiscard]] auto end() const noexcept { return objects_.end(); }

private:
    static std::string_view key(std::string_view sid) noexcept { return sid; }
    static std::string_view key(const Object* object) noexcept {
        return std::invoke(Sid, *object).view();
    }
    struct hash {
        using is_transparent = void;
        std::size_t operator()(const auto& from) const noexcept { return sid_hash{}(key(from)); }
    };
    struct equal {
        using is_transparent = void;
        bool operator()(const auto& a, const auto& b) const noexcept { return key(a) == key(b); }
    };

    boost::unordered_flat_set<Object*, hash, equal> objects_;
};

} // namespace base
