// Of emits with one key the first goes out at once, and then, at most once in its interval, the
// latest. The last one is never lost. Belongs to its shard's thread.
#pragma once

#include "base/deadline_queue.hpp"
#include "base/string_hash.hpp"
#include "features/feature.hpp"
#include "features/flow/emission.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace features::flow {

class conflator final : public feature {
public:
    struct bounds {
        // Past either an emit goes out at once: clients then get more than was asked for, and never
        // less.
        std::size_t keys = 100'000;
        std::size_t bytes = 64 * 1024 * 1024; // of emits that wait
    };

    explicit conflator(std::function<void(emission&&)> send)
        : conflator(std::move(send), bounds()) {}
    conflator(std::function<void(emission&&)> send, bounds most)
        : send_(std::move(send)), most_(most) {}

    void offer(
        const std::string& key,
        emission&& latest,
        base::clock::duration interval,
        base::time_point now);
    // All that wait, at once.
    void flush();

    // Emits that a later one has taken the place of.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
    [[nodiscard]] std::size_t keys() const noexcept { return windows_.size(); }
    [[nodiscard]] std::size_t held_bytes() const noexcept { return held_; }

    [[nodiscard]] std::optional<base::time_point> next_deadline() const override {
        return ends_.soonest();
    }
    void sweep(base::time_point now) override;

private:
    // From one emit to the time when the next may go out; gone when nothing has come meanwhile.
    struct window {
        std::string key;
        base::clock::duration interval;
        std::optional<emission> latest{};
        base::deadline_place ends{};
    };

    void drop_latest(window& of) noexcept;

    std::function<void(emission&&)> send_;
    const bounds most_;
    base::string_map<std::unique_ptr<window>> windows_;
    base::deadline_queue<window, &window::ends> ends_;
    std::size_t held_ = 0;
    std::uint64_t dropped_ = 0;
};

} // namespace features::flow
