// The features of one shard. Belongs to the shard's thread.
#pragma once

#include "base/session_clock.hpp"
#include "features/feature.hpp"
#include "sio/module.hpp"
#include "sio/namespace_api.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace engine {

// Passes on to each feature that is in use what the server tells, in the order in which they were
// added; the first that deals with an event ends its way. Without any it costs nothing.
class features final : public sio::module {
public:
    // `changed`: what has been told may have moved a deadline.
    features(
        sio::namespace_api& rooms, const base::session_clock& time, std::function<void()> changed)
        : rooms_(rooms), time_(time), changed_(std::move(changed)) {}

    [[nodiscard]] sio::namespace_api& rooms() const noexcept { return rooms_; }
    template <class Feature>
    Feature& add(std::unique_ptr<Feature> made) {
        auto& added = *made;
        all_.push_back(std::move(made));
        return added;
    }

    // In front of all but the first so many, which are told of events before.
    template <class Feature>
    Feature& add_early(std::unique_ptr<Feature> made, std::size_t behind) {
        auto& added = *made;
        all_.insert(all_.begin() + static_cast<std::ptrdiff_t>(behind), std::move(made));
        return added;
    }
    // The one of this kind; null when there is none.
    template <class Feature>
    [[nodiscard]] Feature* find() const noexcept {
        for (const auto& each : all_)
            if (auto* found = dynamic_cast<Feature*>(each.get()))
                return found;
        return nullptr;
    }

    [[nodiscard]] std::optional<base::time_point> next_deadline() const;
    void sweep(base::time_point now);

    void on_join(const sio::peer& who) override;
    void on_leave(const sio::peer& who) override;
    void on_leave_room(const sio::peer& who, std::string_view room) override;
    [[nodiscard]] bool on_event(
        const sio::peer& from,
        std::string_view name,
        std::optional<std::uint64_t> id,
        sio::arguments& args) override;
    void on_reply(const sio::peer& to, std::uint64_t id, const sio::arguments& args) override;
    void on_answer(const sio::peer& from, std::uint64_t question, sio::arguments& args) override;
    [[nodiscard]] sio::admission admits(std::string_view nsp) const override;
    void on_knock(const sio::peer& who, std::string_view auth) override;

private:
    sio::namespace_api& rooms_;
    const base::session_clock& time_;
    std::function<void()> changed_;
    std::vector<std::unique_ptr<::features::feature>> all_;
};

} // namespace engine
