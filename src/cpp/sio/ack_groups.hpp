// Emits that wait for acks: one group for each token, however many clients it was sent to.
// Belongs to the shard's thread.
#pragma once

#include "base/countdown.hpp"
#include "base/sid.hpp"
#include "sio/event.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sio {

struct ack_group {
    std::string nsp;
    base::countdown parts; // the same emit on other shards
    std::size_t waiting = 0;
    std::vector<std::pair<base::sid, std::uint64_t>> asked; // sid, ack id
};

class ack_groups {
public:
    ack_group& open(ack_token token, std::string nsp, base::countdown parts) {
        return groups_.insert_or_assign(token, ack_group{std::move(nsp), std::move(parts), 0, {}})
            .first->second;
    }
    // One client has answered or left; after the last one the group is closed. True when it was
    // the last one of all shards.
    [[nodiscard]] bool settle(ack_token token) {
        const auto found = groups_.find(token);
        if (found == groups_.end() || --found->second.waiting > 0)
            return false;
        auto parts = std::move(found->second.parts);
        groups_.erase(found);
        return parts.done();
    }
    // Takes the group out; an empty one when the token is unknown.
    [[nodiscard]] ack_group take(ack_token token) {
        auto node = groups_.extract(token);
        return node ? std::move(node.mapped()) : ack_group{};
    }

private:
    std::unordered_map<ack_token, ack_group> groups_;
};

} // namespace sio
