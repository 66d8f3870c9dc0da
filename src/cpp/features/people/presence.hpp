// Presence on one shard: which of its clients are in topics, and the topics that are at home here.
// Belongs to the shard's thread.
#pragma once

#include "base/deadline_queue.hpp"
#include "base/sid.hpp"
#include "base/sid_set.hpp"
#include "features/feature.hpp"
#include "features/people/board.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace features::people {

// The boards of all shards. What is posted to one is carried out in order.
class boards {
public:
    using change = std::function<void(board&, base::time_point)>;
    virtual ~boards() = default;
    virtual void at_home_of(std::string_view place, change what) = 0;
    virtual void everywhere(const change& what) = 0;
};

class presence final : public feature {
public:
    presence(
        const settings& with,
        sio::room_api& rooms,
        std::unique_ptr<boards> all,
        board::teller told,
        std::chrono::milliseconds epoch)
        : settings_(with),
          rooms_(rooms),
          all_(std::move(all)),
          board_(with, rooms, std::move(told), epoch) {}

    // What is at home here.
    [[nodiscard]] board& topics() noexcept { return board_; }
    void configure(const settings& with) noexcept;

    // A client of this shard is, or may be, in topics from now on. `joined`: it has been told that
    // it is connected; else it gets the state of its topics when it is.
    void watch(std::string_view sid, std::string_view nsp, bool joined, base::time_point now);
    // It has left, though it was never told that it is connected.
    void unwatch(std::string_view sid, base::time_point now);

    void on_join(const sio::peer& who, base::time_point now) override;
    void on_leave(const sio::peer& who, base::time_point now) override;
    void on_leave_room(const sio::peer& who, std::string_view room, base::time_point now) override;
    [[nodiscard]] bool on_event(
        const sio::peer& from,
        std::string_view name,
        std::optional<std::uint64_t> id,
        sio::arguments& args,
        base::time_point now) override;
    [[nodiscard]] std::optional<base::time_point> next_deadline() const override;
    void sweep(base::time_point now) override;

private:
    struct client {
        base::sid sid;
        bool joined = false;
        bool idle = false;
        base::deadline_place look; // whether it is idle
        std::string nsp;
    };
    // An event ends idleness at once; what else a client sends, answers to emits, by then.
    static constexpr auto second_look = std::chrono::seconds(5);

    void look_at(client& who, base::time_point now);
    void set_idle(client& who, bool idle);

    settings settings_;
    sio::room_api& rooms_;
    const std::unique_ptr<boards> all_;
    board board_;
    base::sid_set<client, &client::sid> clients_;
    base::deadline_queue<client, &client::look> looks_;
};

} // namespace features::people
