// The face of presence for the application: commands and questions from any thread. A shard has the
// feature from the first of them on that reaches it.
#pragma once

#include "engine/engine.hpp"
#include "features/people/board.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

using presence_settings = ::features::people::settings;
using presence_entry = ::features::people::seen;

// An entry, and how long ago its client was active; nothing for one of another process, or gone.
struct present {
    presence_entry entry;
    std::optional<base::clock::duration> active_ago;
};

enum class track_result : std::uint8_t { ok, unknown_sid, room_limit, topic_full };

class presence {
public:
    explicit presence(engine& in);

    void configure(const presence_settings& with);
    // Each tick's changes are told to the application, as `presence_diff`.
    void set_telling(bool wanted);

    // Puts the client into the room of the topic too.
    [[nodiscard]] track_result track(
        std::string_view nsp,
        std::string_view topic,
        std::string_view key,
        std::string_view sid,
        std::string_view meta);
    // False: it is not in the topic.
    [[nodiscard]] bool update(
        std::string_view nsp, std::string_view topic, std::string_view sid, std::string_view meta);
    void untrack(const std::string& nsp, const std::string& topic, std::string sid);
    void forget(std::string sid);         // in all its topics
    void client_dropped(std::string sid); // the application has forgotten the client

    // Of other processes.
    void put(std::vector<presence_entry> theirs);
    void drop(std::vector<presence_entry> theirs);
    void drop_node(std::uint16_t node);

    [[nodiscard]] std::vector<present>
    list(std::string_view nsp, std::string_view topic, std::string_view after, std::size_t limit);
    [[nodiscard]] std::vector<present> of_sid(std::string_view sid);
    [[nodiscard]] std::vector<std::string> sids_of_key(std::string_view key);
    [[nodiscard]] bool is_online(std::string_view key);
    [[nodiscard]] std::vector<presence_entry> of_this_process();
    [[nodiscard]] std::vector<std::string> keys(std::string_view nsp, std::string_view topic);
    [[nodiscard]] std::size_t users(std::string_view nsp, std::string_view topic);

private:
    struct shared_settings;

    template <class Command>
    void post_everywhere(const Command& command);
    template <class Command>
    void post_home(const std::string& where, Command command);
    template <class Question>
    auto ask_home(const std::string& where, Question question);
    // The answers of all boards in one list.
    template <class Question>
    auto ask_boards(Question question);
    [[nodiscard]] std::vector<present> with_activity(std::vector<presence_entry> found);

    engine& in_;
    const std::shared_ptr<shared_settings> settings_; // those of shards that start
};

} // namespace engine
