#include "features/rooms/rules.hpp"

#include <algorithm>
#include <stdexcept>

namespace features::rooms {

namespace {

// Names that begin with a NUL are those of rooms that are no str in the application.
bool is_clients_affair(std::string_view room) noexcept {
    return !room.empty() && room.front() != '\0';
}

} // namespace

choice::choice(std::string_view pattern, std::string_view room, std::string_view parameter)
    : pattern_(base::pattern::regex(pattern)) {
    const auto placeholder = '{' + std::string(parameter) + '}';
    const auto at = room.find(placeholder);
    has_value_ = at != room.npos;
    before_ = room.substr(0, at);
    if (has_value_)
        after_ = room.substr(at + placeholder.size());
    const auto braces = std::string_view("{}");
    if (room.empty() || before_.find_first_of(braces) != before_.npos ||
        after_.find_first_of(braces) != after_.npos)
        throw std::invalid_argument(
            "the room \"" + std::string(room) + "\" must be a name in which " + placeholder +
            " may stand once, and no other brace");
}

std::optional<std::string> choice::room_for(std::string_view value) const {
    if (!pattern_.matches(value))
        return std::nullopt;
    return has_value_ ? before_ + std::string(value) + after_ : before_;
}

std::optional<std::string_view> choice::value_in(std::string_view room) const {
    const auto around = before_.size() + after_.size();
    if (!has_value_ || room.size() < around || !room.starts_with(before_) ||
        !room.ends_with(after_))
        return std::nullopt;
    return room.substr(before_.size(), room.size() - around);
}

std::optional<std::string> rule::room_for(std::string_view value) const {
    for (const auto& each : choices)
        if (auto room = each.room_for(value))
            return is_clients_affair(*room) ? room : std::nullopt;
    return std::nullopt;
}

bool rule::makes(std::string_view room) const {
    return std::ranges::any_of(choices, [&](const auto& each) {
        const auto value = each.value_in(room);
        return value ? room_for(*value) == room : each.room_is(room);
    });
}

bool rules_of_namespace::is_asked_about(std::string_view room) const {
    return std::ranges::any_of(asked, [room](const auto& each) { return each.matches(room); });
}

bool rules_of_namespace::governs(std::string_view room) const {
    return (is_clients_affair(room) && is_asked_about(room)) ||
           std::ranges::any_of(query, [room](const auto& each) { return each.makes(room); }) ||
           std::ranges::any_of(
               events, [room](const auto& each) { return each.second.by.makes(room); });
}

} // namespace features::rooms
