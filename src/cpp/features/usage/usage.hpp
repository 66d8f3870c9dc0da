// The feature: takes the socket event `usage`, and tells clients which models are in use.
#pragma once

#include "features/feature.hpp"
#include "features/usage/meter.hpp"
#include "sio/room_api.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace features::usage {

struct usage_options {
    std::string event = "usage";
    std::string nsp = "/";
    // False: tokens that clients report are refused, the server records them itself.
    bool tokens = true;
    // Of these only, if there are any; else a client may name what it likes.
    std::set<std::string, std::less<>> models;
    std::optional<std::string> broadcast; // the event that tells clients of a change
    std::optional<std::string> room;      // whom; nothing: all in the namespace
};

// One on each shard; belongs to its thread. They share the meter.
class usage final : public feature {
public:
    // `unix_time`: seconds.
    usage(
        std::shared_ptr<meter> counts,
        sio::room_api& rooms,
        usage_options options,
        std::function<std::int64_t()> unix_time)
        : meter_(std::move(counts)),
          rooms_(rooms),
          options_(std::move(options)),
          unix_time_(std::move(unix_time)) {}

    [[nodiscard]] bool on_event(
        const sio::peer& from,
        std::string_view name,
        std::optional<std::uint64_t> id,
        sio::arguments& args,
        base::time_point now) override;
    // Every shard looks; whoever is first tells.
    [[nodiscard]] std::optional<base::time_point> next_deadline() const override;
    void sweep(base::time_point now) override;

private:
    // What to answer: a JSON array.
    [[nodiscard]] std::string
    answer(const sio::peer& from, std::string_view json, base::time_point now);

    std::shared_ptr<meter> meter_;
    sio::room_api& rooms_;
    const usage_options options_;
    std::function<std::int64_t()> unix_time_;
};

} // namespace features::usage
