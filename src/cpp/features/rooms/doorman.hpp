// Lets clients into rooms by rules: at their connect, by what the query of the request says; when
// they send an event that asks for a room; and with "room:switch". Belongs to its shard's thread.
#pragma once

#include "base/log.hpp"
#include "base/sid.hpp"
#include "base/string_hash.hpp"
#include "features/feature.hpp"
#include "features/rooms/rules.hpp"
#include "sio/room_api.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace features::rooms {

// May this client join this room? Answered by doorman::judged().
struct question {
    base::sid sid;
    std::string nsp;
    std::string room;
};

class doorman final : public feature {
public:
    // A client comes into a room in which it has seen this event last. False: nothing is kept of
    // the room.
    using catch_up =
        std::function<bool(const sio::peer&, const std::string& room, const std::string& last)>;

    doorman(
        sio::room_api& rooms,
        base::log_sink& log,
        std::function<void(question&&)> ask_application,
        catch_up replay = {})
        : rooms_(rooms),
          log_(log),
          ask_application_(std::move(ask_application)),
          catch_up_(std::move(replay)) {}

    void use(std::shared_ptr<const rules> given) noexcept { rules_ = std::move(given); }

    void judged(const sio::peer& who, const std::string& room, bool allowed);
    // Out of the room, and told with "room:revoked" if it was in there. It does not come in again
    // by itself while it is connected.
    void revoke(const sio::peer& who, const std::string& room);

    void on_join(const sio::peer& who, base::time_point) override;
    void on_leave(const sio::peer& who, base::time_point) override;
    [[nodiscard]] bool on_event(
        const sio::peer& from,
        std::string_view name,
        std::optional<std::uint64_t> id,
        sio::arguments& args,
        base::time_point) override;

private:
    // Of the rooms that the application has been asked about.
    enum class verdict : std::uint8_t { asked, allowed, refused, revoked };

    // What a client asks for: all of it or nothing.
    struct request {
        std::vector<std::string> joins;
        std::vector<std::string> leaves;
        std::optional<std::uint64_t> ack_id;
        std::string last; // a JSON object {room: id of an event}; or nothing
        // For one by value: how "room:error" names it, and what it was.
        std::string parameter;
        std::string value;
    };
    struct visitor {
        base::string_map<verdict> verdicts;
        std::vector<request> waiting; // for verdicts
    };

    // A request of more rooms is refused.
    static constexpr std::size_t max_rooms_a_request = 16;
    static constexpr std::size_t max_last_bytes = 4'096; // of ids; more are none
    // One more request of a client that waits for so many verdicts is refused.
    static constexpr std::size_t max_waiting = 16;
    // Of one client. What the application has said of others is forgotten then, and it is asked
    // again; what it has revoked stays.
    static constexpr std::size_t max_verdicts = 256;

    [[nodiscard]] const rules_of_namespace* rules_of(const sio::peer& who) const;
    void by_value(
        const sio::peer& who,
        const rule& by,
        std::string value,
        bool leaves,
        std::optional<std::uint64_t> id,
        std::string last = {});
    void on_switch(const sio::peer& from, std::optional<std::uint64_t> id, std::string_view json);
    void begin(const sio::peer& who, const rules_of_namespace& by, request&& wanted);
    // False: a verdict is awaited.
    [[nodiscard]] bool
    settle(const sio::peer& who, const rules_of_namespace& by, const request& wanted);
    void carry_out(const sio::peer& who, const request& wanted);
    void refuse(
        const sio::peer& who, const request& wanted, std::string_view why, std::string_view room);
    void answer_waiting(const sio::peer& who);

    sio::room_api& rooms_;
    base::log_sink& log_;
    std::function<void(question&&)> ask_application_;
    catch_up catch_up_;
    std::shared_ptr<const rules> rules_;
    base::sid_map<visitor> visitors_; // those about whom the application has been asked
};

} // namespace features::rooms
