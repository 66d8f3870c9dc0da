#include "sio/rooms.hpp"

#include "sio/socket.hpp"

namespace sio {

bool rooms::join(socket& joining, std::string_view name) {
    auto found = rooms_.find(name);
    if (found == rooms_.end())
        found = rooms_.insert(std::make_unique<room>(room{std::string(name), {}})).first;
    auto& joined = **found;
    const bool is_new = joining.rooms_joined.insert(&joined, joined.members.size());
    if (is_new)
        joined.members.push_back(&joining);
    return is_new;
}

bool rooms::leave(socket& leaving, std::string_view name) {
    const auto found = rooms_.find(name);
    if (found == rooms_.end())
        return false;
    auto& left = **found;
    const auto* membership = leaving.rooms_joined.find(&left);
    if (!membership)
        return false;
    const auto place = *membership;
    leaving.rooms_joined.erase(&left);
    remove_member(left, place);
    return true;
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
    for (auto* member : (*found)->members)
        member->rooms_joined.erase(found->get());
    rooms_.erase(found);
}

room* rooms::find(std::string_view name) {
    const auto found = rooms_.find(name);
    return found == rooms_.end() ? nullptr : found->get();
}

const room* rooms::find(std::string_view name) const {
    const auto found = rooms_.find(name);
    return found == rooms_.end() ? nullptr : found->get();
}

void rooms::remove_member(room& left, std::size_t place) {
    // The last member takes the free place.
    auto* last = left.members.back();
    left.members.pop_back();
    if (place < left.members.size()) {
        left.members[place] = last;
        *last->rooms_joined.find(&left) = place;
    } else if (left.members.empty()) {
        rooms_.erase(rooms_.find(left.name));
    }
}

} // namespace sio
