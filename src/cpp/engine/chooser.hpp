// A selection for looking at sockets one by one: whether an emit is for this one. A value that any
// shard may read.
#pragma once

#include "sio/selection.hpp"
#include "sio/socket.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// The selection outlives it.
class chooser {
public:
    explicit chooser(const sio::selection& whom)
        : everybody_(!whom.rooms),
          rooms_(whom.rooms ? sorted(*whom.rooms) : names{}),
          left_out_(sorted(whom.except_rooms)),
          skipped_(sorted(whom.skip_sids)) {}

    [[nodiscard]] bool selects(const sio::socket& who) const {
        return (everybody_ || is_in_any(who, rooms_)) && !is_in_any(who, left_out_) &&
               !std::ranges::binary_search(skipped_, who.sid.view());
    }

private:
    using names = std::vector<std::string_view>;

    static names sorted(const std::vector<std::string>& given) {
        names made(given.begin(), given.end());
        std::ranges::sort(made);
        return made;
    }
    static bool is_in_any(const sio::socket& who, const names& rooms) {
        const auto named = [&](std::string_view name) {
            return std::ranges::binary_search(rooms, name);
        };
        return !rooms.empty() && (named(who.sid.view()) ||
                                  std::ranges::any_of(who.rooms_joined, [&](const auto& each) {
                                      return named(each.first->name);
                                  }));
    }

    bool everybody_;
    names rooms_;
    names left_out_;
    names skipped_;
};

} // namespace engine
