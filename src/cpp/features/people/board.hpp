// The topics of one shard: who is in them, what their clients are told and when, and who is waited
// for. Belongs to the shard's thread; time is a parameter.
#pragma once

#include "base/clock.hpp"
#include "base/deadline_queue.hpp"
#include "features/people/roster.hpp"
#include "sio/room_api.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace features::people {

struct settings {
    std::chrono::milliseconds tick{50};     // what happens in one is told together
    std::chrono::milliseconds grace{5'000}; // a client that is gone may come back
    std::chrono::milliseconds idle_after{300'000};
    std::size_t count_above = 1'000; // entries of a topic: beyond, clients hear their number alone
    std::size_t max_entries = 100'000; // of a topic. The application's track() is refused
};

// "/chat,room": no namespace that a client can join has a comma.
[[nodiscard]] std::string place(std::string_view nsp, std::string_view name);
[[nodiscard]] std::string_view nsp_of(std::string_view place) noexcept;
[[nodiscard]] std::string_view name_of(std::string_view place) noexcept;

// An entry as it was when somebody asked.
struct seen {
    std::string place;
    std::string key;
    std::string meta;
    std::int64_t joined_at = 0; // milliseconds since 1970
    base::sid ref;
    base::sid sid;
    std::uint16_t node = 0;
    bool idle = false;
};

class board {
public:
    // For the application: the place, and what diff_json() makes for it.
    using teller = std::function<void(std::string_view place, std::string diff)>;
    // `epoch`: the time in milliseconds since 1970 less the session clock's.
    board(const settings& with, sio::room_api& rooms, teller told, std::chrono::milliseconds epoch)
        : settings_(with), rooms_(rooms), told_(std::move(told)), epoch_(epoch) {}

    // False while nobody listens: then nothing is made for the application.
    void set_telling(bool wanted) noexcept { telling_ = wanted; }
    void configure(const settings& with) noexcept { settings_ = with; }

    // --- clients of this process ---
    // False: the topic is full. Anew, it replaces what was said of the client in this topic.
    // `greet`: the client gets the topic's state.
    [[nodiscard]] bool track(
        std::string_view place,
        std::string_view key,
        const base::sid& sid,
        std::string_view meta,
        bool greet,
        base::time_point now);
    // False: it is not in the topic.
    bool update(
        std::string_view place, std::string_view sid, std::string_view meta, base::time_point now);
    void untrack(std::string_view place, std::string_view sid, base::time_point now);
    // Of all its topics.
    void forget(std::string_view sid, base::time_point now);
    void lose(std::string_view sid, base::time_point now); // it may come back
    void greet(std::string_view sid, base::time_point now);
    void set_idle(std::string_view sid, bool idle, base::time_point now);

    // --- entries of other processes, which are told here as those of this one ---
    void put(const seen& theirs, base::time_point now);
    void drop(
        std::uint16_t node,
        std::string_view place,
        std::string_view key,
        std::string_view ref,
        base::time_point now);
    void drop_node(std::uint16_t node, base::time_point now);

    // --- questions ---
    // Whole keys, those after `after`, until there are `limit` of them.
    [[nodiscard]] std::vector<seen>
    list(std::string_view place, std::string_view after, std::size_t limit) const;
    [[nodiscard]] std::vector<seen> of_sid(std::string_view sid) const;
    [[nodiscard]] std::vector<seen> of_key(std::string_view key) const;
    [[nodiscard]] bool knows(std::string_view key) const noexcept {
        return roster_.first_of_key(key) != nullptr;
    }
    [[nodiscard]] std::vector<seen> of_this_process() const;
    [[nodiscard]] std::vector<std::string> keys(std::string_view place) const;
    [[nodiscard]] std::size_t users(std::string_view place) const noexcept;
    [[nodiscard]] std::size_t entries() const noexcept { return roster_.size(); }

    [[nodiscard]] std::optional<base::time_point> next_deadline() const;
    void sweep(base::time_point now);

private:
    entry&
    add(named_topic& to,
        std::string_view key,
        const base::sid& ref,
        const base::sid& sid,
        base::time_point now);
    void remove(entry& leaving, base::time_point now);
    void note(entry& of, news what, base::time_point now);
    void arm(named_topic& at, base::time_point now);
    void tell(named_topic& of);
    void tell_clients(const std::string& where, topic& of);

    settings settings_;
    sio::room_api& rooms_;
    teller told_;
    const std::chrono::milliseconds epoch_;
    bool telling_ = false;
    roster roster_;
    std::deque<std::pair<base::time_point, named_topic*>> ticking_; // each once, soonest first
    base::deadline_queue<entry, &entry::grace> waited_for_;
};

} // namespace features::people
