// Events that come too often end here, and their clients are told. Belongs to its shard's thread.
#pragma once

#include "base/deadline_queue.hpp"
#include "base/sid.hpp"
#include "base/string_hash.hpp"
#include "features/feature.hpp"
#include "features/flow/limits.hpp"
#include "features/flow/sliding_log.hpp"
#include "sio/room_api.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace features::flow {

// An event that another shard has to judge: what is counted by user or address is counted on one.
struct judged_elsewhere {
    std::string key;
    rate most;
    base::sid sid;
    base::sid eio_sid;
    std::string nsp;
    std::string event;
    std::optional<std::uint64_t> id;
    sio::arguments args;
    std::size_t next = 0; // of the event's limits, when this one allows it
};

class limiter final : public feature {
public:
    // What is beyond this shard.
    class outside {
    public:
        virtual ~outside() = default;
        [[nodiscard]] virtual bool counts_here(std::string_view key) const = 0;
        // judge() there, and then proceed() here.
        virtual void judge_elsewhere(judged_elsewhere&& event) = 0;
    };

    // `max_keys`: at this bound the one that has been silent for the longest begins anew.
    limiter(sio::room_api& rooms, outside& others, std::size_t max_keys = 100'000)
        : rooms_(rooms), others_(others), max_keys_(max_keys) {}

    void use(std::shared_ptr<const limits> given) noexcept { limits_ = std::move(given); }

    [[nodiscard]] bool judge(const std::string& key, const rate& most, base::time_point now);
    // The event has been judged by the limits before `next`; true if the rest allow it too.
    [[nodiscard]] bool proceed(
        const sio::peer& from,
        std::string_view name,
        std::optional<std::uint64_t> id,
        sio::arguments& args,
        std::size_t next,
        base::time_point now);
    void refuse(const sio::peer& from, std::optional<std::uint64_t> id);
    // What comes up now has been judged.
    template <class Work>
    void let_pass(Work work) {
        passes_ = true;
        work();
        passes_ = false;
    }

    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
    [[nodiscard]] std::size_t keys() const noexcept { return logs_.size(); }

    void on_leave(const sio::peer& who, base::time_point) override;
    [[nodiscard]] bool on_event(
        const sio::peer& from,
        std::string_view name,
        std::optional<std::uint64_t> id,
        sio::arguments& args,
        base::time_point now) override;
    [[nodiscard]] std::optional<base::time_point> next_deadline() const override {
        return silent_.soonest();
    }
    void sweep(base::time_point now) override;

private:
    struct counted {
        std::string key;
        sliding_log log{};
        base::deadline_place forgotten_at{};
    };

    [[nodiscard]] std::string key_of(const sio::peer& who, const limit& by);

    sio::room_api& rooms_;
    outside& others_;
    const std::size_t max_keys_;
    std::shared_ptr<const limits> limits_;
    base::sid_map<std::string> addresses_; // of clients, once they were asked for
    base::string_map<std::unique_ptr<counted>> logs_;
    base::deadline_queue<counted, &counted::forgotten_at> silent_;
    std::uint64_t refused_ = 0;
    bool passes_ = false;
};

} // namespace features::flow
