// What one person has written, a character at a time, as the updates that Yjs sends of it. By the
// proportions of the trace "automerge-paper" that Yjs's own benchmark B4 replays: 182,315
// characters typed, 77,463 taken back, at places that change now and then. Always the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace load {

class yjs_history {
public:
    static constexpr std::uint64_t client = 2'837'465'109;

    explicit yjs_history(std::size_t edits);

    [[nodiscard]] const std::vector<std::string>& updates() const { return updates_; }

private:
    static constexpr std::size_t none = ~std::size_t{0};

    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
    }
    void next_stroke();
    void find_visible();
    void type();
    void take_back();

    std::mt19937 random_{1};
    std::vector<std::string> updates_;
    // The text with what was deleted, as a list; a character is its clock.
    std::vector<std::size_t> next_;
    std::vector<std::size_t> previous_;
    std::vector<bool> deleted_;
    std::size_t first_ = none;
    std::size_t cursor_ = none; // behind which it types
    std::size_t left_ = 0;      // of this stroke
    bool taking_back_ = true;
};

} // namespace load
