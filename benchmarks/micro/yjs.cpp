// Yjs updates: checked, merged, and what a peer lacks taken out; of a history as a person writes.
#include "features/yjs/coverage.hpp"
#include "features/yjs/diff.hpp"
#include "features/yjs/merge.hpp"
#include "features/yjs/state_vector.hpp"
#include "features/yjs/update.hpp"
#include "micro/parts.hpp"
#include "micro/stopwatch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace micro {
namespace {

namespace yjs = features::yjs;

// One client's, a character at a time, by the proportions of the trace "automerge-paper" that
// Yjs's own benchmark B4 replays: 182,315 characters typed, 77,463 taken back, at places that
// change now and then. An update each, as Yjs sends them.
class history {
public:
    explicit history(std::size_t edits) {
        for (std::size_t i = 0; i < edits; ++i) {
            if (left_ == 0)
                next_stroke();
            --left_;
            if (taking_back_ && cursor_ != none)
                take_back();
            else
                type();
        }
    }

    [[nodiscard]] const std::vector<std::string>& updates() const { return updates_; }

private:
    static constexpr std::size_t none = ~std::size_t{0};
    static constexpr std::uint64_t client = 2'837'465'109;

    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
    }

    // Typing and taking back in turn, often elsewhere.
    void next_stroke() {
        taking_back_ = !taking_back_;
        left_ = 1 + below(taking_back_ ? 33 : 79);
        if (!taking_back_ && !next_.empty() && below(100) < 55) {
            cursor_ = below(next_.size());
            find_visible();
        }
    }

    void find_visible() {
        while (cursor_ != none && deleted_[cursor_])
            cursor_ = previous_[cursor_];
    }

    void type() {
        const std::size_t clock = next_.size();
        const std::size_t right = cursor_ == none ? first_ : next_[cursor_];
        std::string update{1, 1};
        number(update, client);
        number(update, clock);
        update +=
            static_cast<char>(0x04 | (cursor_ == none ? 0 : 0x80) | (right == none ? 0 : 0x40));
        if (cursor_ != none)
            id(update, cursor_);
        if (right != none)
            id(update, right);
        if (cursor_ == none && right == none)
            update += std::string_view("\1\4text", 6);
        update += '\1';
        update += static_cast<char>('a' + clock % 26);
        update += '\0';
        updates_.push_back(std::move(update));

        next_.push_back(right);
        previous_.push_back(cursor_);
        deleted_.push_back(false);
        (cursor_ == none ? first_ : next_[cursor_]) = clock;
        if (right != none)
            previous_[right] = clock;
        cursor_ = clock;
    }

    void take_back() {
        std::string update{0, 1};
        number(update, client);
        update += '\1';
        number(update, cursor_);
        update += '\1';
        updates_.push_back(std::move(update));
        deleted_[cursor_] = true;
        find_visible();
    }

    static void number(std::string& out, std::uint64_t value) {
        yjs::lib0::append_number(out, value);
    }
    static void id(std::string& out, std::size_t clock) {
        number(out, client);
        number(out, clock);
    }

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

void measure_merge(const std::string& what, std::span<const std::string_view> updates, bool drop) {
    const yjs::merge_options options{.drop_deleted = drop};
    const std::size_t size = yjs::merge(updates, options).size();
    measure("merge " + what + ", to " + std::to_string(size) + " bytes", [&] {
        keep(yjs::merge(updates, options));
    });
}

} // namespace

void yjs_updates() {
    constexpr std::size_t all = 259'778;
    const history made(all);
    const std::vector<std::string_view> updates(made.updates().begin(), made.updates().end());
    const std::span<const std::string_view> log(updates);

    std::size_t next = 0;
    measure("Yjs: check one update", [&] {
        keep(yjs::decode(log[next]));
        next = (next + 1) % 1'000;
    });
    for (const std::size_t count : {500U, 1'000U, 10'000U, 50'000U})
        measure_merge(std::to_string(count) + " updates", log.first(count), false);
    measure_merge("all 259,778 updates", log, false);
    measure_merge("all, deleted content dropped", log, true);

    const std::string snapshot = yjs::merge(log.first(all - 500));
    std::vector<std::string_view> tail{snapshot};
    tail.insert(tail.end(), log.end() - 500, log.end());
    measure_merge("a snapshot of all but 500, and those", tail, false);

    const std::string state = yjs::merge(log);
    const yjs::state_vector known(std::get<yjs::summary>(yjs::decode(snapshot)).structs);
    measure("check that state", [&] { keep(yjs::decode(state)); });
    measure(
        "diff of that state, to one who lacks 500 updates", [&] { keep(yjs::diff(state, known)); });
    measure("state vector of that state", [&] { keep(yjs::encode_state_vector(state)); });

    yjs::coverage coverage;
    coverage.add(std::get<yjs::summary>(yjs::decode(state)));
    const yjs::summary update = std::get<yjs::summary>(yjs::decode(log[all / 2]));
    measure("is that update in that state?", [&] { keep(coverage.contains(update)); });
}

} // namespace micro
