// Which models are in use: those touched within the last seconds, here or at another node.
#pragma once

#include "base/clock.hpp"
#include "base/string_hash.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace features::usage {

class in_use {
public:
    explicit in_use(base::clock::duration ttl) : ttl_(ttl) {}

    // False: too many models, or a name that cannot be one; nothing is remembered.
    bool touch(std::string_view model, base::time_point now);
    // What another node tells of a model that it uses, and for how long still.
    bool
    touch_remote(std::string_view model, base::clock::duration remaining, base::time_point now);
    // In the order of their names.
    [[nodiscard]] std::vector<std::string> models(base::time_point now) const;
    // Those touched here, each with the time that it has left: for the other nodes.
    [[nodiscard]] std::vector<std::pair<std::string, base::clock::duration>>
    local(base::time_point now) const;

    // The models, if they are others than those told last; at most once a second.
    [[nodiscard]] std::optional<std::vector<std::string>> changed(base::time_point now);
    // When changed() may have something to say.
    [[nodiscard]] std::optional<base::time_point> next_deadline() const noexcept;

private:
    struct until {
        base::time_point here{};
        base::time_point elsewhere{};
        [[nodiscard]] base::time_point any() const noexcept { return std::max(here, elsewhere); }
    };
    static constexpr auto least_pause = std::chrono::seconds(1); // between two tellings

    [[nodiscard]] until* find(std::string_view model, base::time_point now);
    void expire(base::time_point now);

    const base::clock::duration ttl_;
    base::string_map<until> all_;                        // at most most_models
    base::time_point soonest_ = base::time_point::max(); // not after the first that expires
    bool changed_ = false;
    std::vector<std::string> told_;
    std::optional<base::time_point> told_at_;
};

} // namespace features::usage
