// Who is in which topic: entries in order of their keys, found by topic, by key and by sid.
// Belongs to one thread.
#pragma once

#include "base/clock.hpp"
#include "base/deadline_queue.hpp"
#include "base/sid.hpp"
#include "base/string_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace features::people {

struct entry;
struct topic;

// What has happened to an entry since its topic was told: it is among the topic's changed ones.
enum class news : std::uint8_t {
    none,
    hidden, // clients do not see it: another sid
    shown,
};

// Whose entries they are, in all topics of this shard.
struct person {
    entry* first = nullptr;
};
using named_person = std::pair<const std::string, person>;
using named_topic = std::pair<const std::string, topic>;

// One client in one topic, under the key of whoever it stands for.
struct entry {
    named_person* who = nullptr;
    named_topic* where = nullptr;
    entry* next_of_sid = nullptr;
    entry* next_of_key = nullptr;
    entry* previous_of_key = nullptr;
    std::string meta;           // a JSON value
    std::int64_t joined_at = 0; // milliseconds since 1970
    base::sid ref;              // its name for other clients: the sid that it began with
    base::sid sid;              // nobody's while its client is gone and may come back
    std::uint16_t node = 0;     // the process that it is of; 0 is this one
    bool idle = false;
    bool fresh = true; // the topic has not been told of it
    news changed = news::none;
    std::uint32_t change = 0; // its place among the topic's changed ones
    base::deadline_place grace;

    [[nodiscard]] std::string_view key() const noexcept { return who->first; }
};

// What has been in a topic, and is not any more.
struct departed {
    std::string key;
    std::string meta;
    std::int64_t joined_at = 0;
    base::sid ref;
    base::sid sid;
    std::uint16_t node = 0;
    bool idle = false;
};

struct topic {
    // By key, and then by ref.
    struct order {
        using is_transparent = void;
        static auto of(const entry& each) noexcept {
            return std::pair(each.key(), each.ref.view());
        }
        static auto of(const std::pair<std::string_view, std::string_view>& name) noexcept {
            return name;
        }
        bool operator()(const auto& a, const auto& b) const noexcept { return of(a) < of(b); }
    };

    std::set<entry, order>
        entries;               // whose keys and refs stay; all else may change, see changeable()
    std::size_t users = 0;     // different keys among them
    bool only_counted = false; // there are so many that clients are told their number alone
    // --- since its clients have been told; all empty when there is nothing to tell ---
    std::vector<entry*> changed; // null where one has left since
    std::vector<departed> left;
    std::vector<base::sid> joiners; // who get its state
    bool ticking = false;

    [[nodiscard]] bool has(std::string_view key) const {
        const auto found = entries.lower_bound(std::pair(key, std::string_view()));
        return found != entries.end() && found->key() == key;
    }
};

// An element of a set is constant for the sake of its order alone.
[[nodiscard]] inline entry& changeable(const entry& of) noexcept {
    return const_cast<entry&>(of); // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

class roster {
public:
    roster() = default;
    roster(const roster&) = delete;
    roster& operator=(const roster&) = delete;

    [[nodiscard]] named_topic* find(std::string_view where) noexcept;
    [[nodiscard]] const topic* find(std::string_view where) const noexcept;
    [[nodiscard]] named_topic& open(std::string_view where);
    // A topic with nobody in it and nothing to tell is forgotten.
    void close(named_topic& left);

    // The others in these rows are found by `next_of_…`.
    [[nodiscard]] entry* first_of_sid(std::string_view sid) const noexcept;
    [[nodiscard]] entry* first_of_key(std::string_view key) const noexcept;
    [[nodiscard]] entry* find(const named_topic& in, std::string_view sid) const noexcept;
    [[nodiscard]] entry*
    find(const topic& in, std::string_view key, std::string_view ref) const noexcept;

    entry& add(named_topic& to, std::string_view key, const base::sid& ref, const base::sid& sid);
    void remove(entry& leaving);
    // Its client is another one, or nobody.
    void set_sid(entry& of, const base::sid& sid);

    [[nodiscard]] const base::string_map<topic>& topics() const noexcept { return topics_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    static std::string_view sid_of(const entry* of) noexcept { return of->sid; }
    static std::string_view sid_of(std::string_view sid) noexcept { return sid; }
    struct sid_of_hash {
        using is_transparent = void;
        std::size_t operator()(const auto& from) const noexcept {
            return base::sid_hash{}(sid_of(from));
        }
    };
    struct sid_of_equal {
        using is_transparent = void;
        bool operator()(const auto& a, const auto& b) const noexcept {
            return sid_of(a) == sid_of(b);
        }
    };

    void link_sid(entry& of);
    void unlink_sid(entry& of);

    base::string_map<topic> topics_;
    base::string_map<person> people_;
    std::unordered_set<entry*, sid_of_hash, sid_of_equal> by_sid_; // the first of each sid
    std::size_t size_ = 0;
};

} // namespace features::people
