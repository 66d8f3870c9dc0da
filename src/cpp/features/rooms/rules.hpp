// Which rooms clients come into by themselves: by what their requests ask for, and by name.
// Immutable once made; shared by all shards.
#pragma once

#include "base/pattern.hpp"
#include "base/string_hash.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace features::rooms {

// A value that matches leads to the room `before` + value + `after`, or `before` alone.
struct choice {
    // `room`: the name of the parameter in braces stands for the value, at most once. Throws
    // std::invalid_argument.
    choice(std::string_view pattern, std::string_view room, std::string_view parameter);

    [[nodiscard]] std::optional<std::string> room_for(std::string_view value) const;
    // Whatever the value is.
    [[nodiscard]] bool room_is(std::string_view room) const {
        return !has_value_ && room == before_;
    }
    // What a value would have to be to lead to this room.
    [[nodiscard]] std::optional<std::string_view> value_in(std::string_view room) const;

private:
    base::pattern pattern_;
    std::string before_;
    std::string after_;
    bool has_value_;
};

// The first choice whose pattern matches counts.
struct rule {
    std::string parameter; // in the query, and in what a client is told when nothing matches
    std::string message;   // that it is told then
    std::vector<choice> choices;

    [[nodiscard]] std::optional<std::string> room_for(std::string_view value) const;
    // Is there a value that leads to it?
    [[nodiscard]] bool makes(std::string_view room) const;
};

// An event that asks for a room, with the value as its first argument.
struct event_rule {
    rule by;
    bool leaves = false; // or to be let out of it
};

struct rules_of_namespace {
    std::vector<rule> query;
    base::string_map<event_rule> events;
    std::vector<base::pattern> asked; // rooms about which the application is asked
    // Clients may change rooms with "room:switch".
    bool switches = false;

    [[nodiscard]] bool is_asked_about(std::string_view room) const;
    // Does any rule lead there? Into other rooms the application alone puts clients.
    [[nodiscard]] bool governs(std::string_view room) const;
};

using rules = base::string_map<rules_of_namespace>;

} // namespace features::rooms
