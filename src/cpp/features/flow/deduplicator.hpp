// Events that clients send again, because an answer was lost, are handled once: each has an id of
// the client's in its first argument. The second one gets the answer of the first. Belongs to its
// shard's thread.
#pragma once

#include "base/sid.hpp"
#include "base/string_hash.hpp"
#include "features/feature.hpp"
#include "sio/room_api.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace features::flow {

struct dedup_rule {
    std::string member = "id"; // of the first argument
    std::size_t last = 256;    // events of one client that are remembered; the oldest goes
    base::clock::duration window = std::chrono::minutes(5);
};

// Namespace -> event. Immutable once made; shared by all shards.
using dedup_rules = base::string_map<base::string_map<dedup_rule>>;

class deduplicator final : public feature {
public:
    explicit deduplicator(sio::room_api& rooms) : rooms_(rooms) {}

    void use(std::shared_ptr<const dedup_rules> given) noexcept { rules_ = std::move(given); }

    [[nodiscard]] std::uint64_t repeated() const noexcept { return repeated_; }

    void on_leave(const sio::peer& who, base::time_point) override;
    [[nodiscard]] bool on_event(
        const sio::peer& from,
        std::string_view name,
        std::optional<std::uint64_t> id,
        sio::arguments& args,
        base::time_point now) override;
    void on_reply(const sio::peer& to, std::uint64_t id, const sio::arguments& args) override;

private:
    struct seen {
        std::string key; // event and id
        base::time_point at;
        std::optional<std::uint64_t> ack_id;
        std::optional<sio::arguments> answer{};
        std::vector<std::uint64_t> repeats{}; // that wait for the answer
    };
    struct visitor {
        std::list<seen> order; // the newest in front
        base::string_map<std::list<seen>::iterator> by_key;
        std::unordered_map<std::uint64_t, std::list<seen>::iterator> by_ack_id; // not answered
        std::size_t held = 0;                                                   // bytes of answers
    };

    // A longer id, or one that is neither text nor number, is none.
    static constexpr std::size_t max_id_bytes = 200;
    // Of one client. An event whose answer finds no place is forgotten: sent again, it is handled
    // again.
    static constexpr std::size_t max_answer_bytes = 64 * 1024;
    // A further one gets no answer.
    static constexpr std::size_t max_repeats = 16;

    void forget(visitor& of, std::list<seen>::iterator which);
    void answer(const sio::peer& to, std::uint64_t id, const sio::arguments& args);

    sio::room_api& rooms_;
    std::shared_ptr<const dedup_rules> rules_;
    base::sid_map<visitor> visitors_;
    std::uint64_t repeated_ = 0;
};

} // namespace features::flow
