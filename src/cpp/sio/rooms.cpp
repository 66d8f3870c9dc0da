#include "sio/rooms.hpp"

#include "sio/socket.hpp"

namespace sio {

void rooms::join(socket& joining, std::string_view name) {
    auto found = rooms_.find(name);
    if (found == rooms_.end())
        found = rooms_.emplace(std::string(name), room{std::string(name), {}}).first;
    auto& joined = found->second;
    if (joining.rooms_joined.emplace(&joined, joined.members.size()).second)
        joined.members.push_back(&joining);
}

void rooms::leave(socket& leaving, std::string_view name) {
    const auto found = rooms_.find(name);
    if (found == rooms_.end())
        return;
    const auto membership = leaving.rooms_joined.find(&found->second);
    if (membership == leaving.rooms_joined.end())
        return;
    const auto place = membership->second;
    leaving.rooms_joined.erase(membership);
    remove_member(found->second, place);
}

void rooms::leave_all(socket& leaving) {
    for (const auto& [left, place] : leaving.rooms_joined)
        remove_member(*left, place);
    leaving.rooms_joined.clear();
}

void rooms::close(std::string_view name) {
    const auto found = rooms_.find(name);
    if (found == rooms_.end())
        return;
    for (auto* member : found->second.members)
        member->rooms_joined.erase(&found->second);
    rooms_.erase(found);
}

const room* rooms::find(std::string_view name) const {
    const auto found = rooms_.find(name);
    return found == rooms_.end() ? nullptr : &found->second;
}

void rooms::remove_member(room& left, std::size_t place) {
    // The last member takes the free place.
    auto* last = left.members.back();
    left.members.pop_back();
    if (place < left.members.size()) {
        left.members[place] = last;
        last->rooms_joined.find(&left)->second = place;
    } else if (left.members.empty()) {
        rooms_.erase(rooms_.find(left.name));
    }
}

} // namespace sio
