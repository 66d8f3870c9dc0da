// What a feature hears of clients and of time. It belongs to its shard's thread.
#pragma once

#include "base/clock.hpp"
#include "sio/module.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace features {

// A feature is one part of `sio::module`, told the time: see there.
class feature {
public:
    virtual ~feature() = default;
    virtual void on_join(const sio::peer&, base::time_point) {}
    virtual void on_leave(const sio::peer&, base::time_point) {}
    virtual void on_leave_room(const sio::peer&, std::string_view, base::time_point) {}
    [[nodiscard]] virtual bool on_event(
        const sio::peer&,
        std::string_view,
        std::optional<std::uint64_t>,
        sio::arguments&,
        base::time_point) {
        return false;
    }
    virtual void on_reply(const sio::peer&, std::uint64_t, const sio::arguments&) {}
    // What any feature has asked: which, the namespace tells.
    virtual void on_answer(const sio::peer&, std::uint64_t, sio::arguments&, base::time_point) {}
    [[nodiscard]] virtual sio::admission admits(std::string_view) const {
        return sio::admission::none;
    }
    virtual void on_knock(const sio::peer&, std::string_view, base::time_point) {}
    // When sweep() has something to do. It is asked after each of its calls and after each command.
    [[nodiscard]] virtual std::optional<base::time_point> next_deadline() const { return {}; }
    virtual void sweep(base::time_point) {}
};

} // namespace features
