#include "features/yjs/merge.hpp"

#include "features/yjs/section_writer.hpp"
#include "features/yjs/update.hpp"

#include <algorithm>
#include <cstddef>
#include <queue>
#include <utility>
#include <vector>

namespace features::yjs {
namespace {

// Consecutive blocks of one client in one update.
struct section {
    std::uint64_t client;
    std::size_t begin;
    std::size_t end;
};

// Takes the content out of what the delete set covers; blocks come in the order of their clocks.
class dropper {
public:
    explicit dropper(const range_set& deletes) noexcept : deletes_(deletes) {}

    template <class Sink>
    void pass(block next, Sink&& sink) {
        while (next.droppable()) {
            skip_before(next);
            const range* deleted = at_ < deletes_.size() ? &deletes_[at_] : nullptr;
            if (deleted == nullptr || deleted->client != next.client ||
                deleted->clock >= next.end())
                break;
            const std::uint64_t begin = std::max(deleted->clock, next.clock);
            const std::uint64_t end = std::min(deleted->end(), next.end());
            if (end - begin < next.length && !worth_cutting(next, end - begin)) {
                if (end == next.end())
                    break;
                ++at_;
                continue;
            }
            if (begin > next.clock)
                sink(cut_front(next, begin - next.clock));
            if (end == next.end()) {
                next.drop();
                break;
            }
            block front = cut_front(next, end - next.clock);
            front.drop();
            sink(front);
        }
        sink(next);
    }

private:
    // Of a text: a block more, or two, have ids of their own.
    static bool worth_cutting(const block& whole, std::uint64_t length) noexcept {
        constexpr std::uint64_t least_units = 24;
        return whole.kind != content_kind::string || length >= least_units;
    }

    void skip_before(const block& next) noexcept {
        while (at_ < deletes_.size() &&
               (deletes_[at_].client > next.client ||
                (deletes_[at_].client == next.client && deletes_[at_].end() <= next.clock)))
            ++at_;
    }

    const range_set& deletes_;
    std::size_t at_ = 0;
};

// Later blocks have higher addresses, so an address is a block's rank.
using waiting_blocks = std::priority_queue<block*, std::vector<block*>, std::greater<>>;

// Gives each clock once, from the first block that has it. Blocks sorted by clock, and by rank
// where that is equal. Each is cut off from its front only, so that many cuts into one long text
// cost no more than its length.
template <class Sink>
void sweep(const std::vector<block*>& blocks, Sink&& sink) {
    waiting_blocks waiting;
    std::uint64_t done = 0; // all clocks before
    for (std::size_t next = 0; next < blocks.size() || !waiting.empty();) {
        if (waiting.empty())
            done = blocks[next]->clock;
        for (; next < blocks.size() && blocks[next]->clock <= done; ++next)
            waiting.push(blocks[next]);
        block& first = *waiting.top();
        if (first.end() <= done) {
            waiting.pop();
            continue;
        }
        if (first.clock < done)
            (void)cut_front(first, done - first.clock);
        // It goes on to its end, or to where one that came earlier begins.
        done = first.end();
        for (; next < blocks.size() && blocks[next]->clock < done; ++next) {
            if (blocks[next] < &first) {
                done = blocks[next]->clock;
                break;
            }
            waiting.push(blocks[next]);
        }
        if (done < first.end()) {
            sink(cut_front(first, done - first.clock));
        } else {
            sink(first);
            // Others may wait above it by now, but none that came earlier.
            waiting.pop();
        }
    }
}

class merger {
public:
    explicit merger(std::span<const std::string_view> updates) {
        blocks_.reserve(updates.size()); // most are of one keystroke
        for (const std::string_view each : updates)
            read(each);
        normalise(deletes_);
        const auto by_client = [](const section& left, const section& right) {
            return left.client > right.client;
        };
        if (!std::ranges::is_sorted(sections_, by_client))
            std::ranges::stable_sort(sections_, by_client);
    }

    std::string run(const merge_options& options) {
        std::string body;
        std::uint64_t clients = 0;
        section_writer writer(options.squash);
        dropper drop(deletes_);
        for (std::size_t at = 0; at < sections_.size();) {
            sweep(blocks_of_client(at), [&](const block& next) {
                if (options.drop_deleted)
                    drop.pass(next, [&](const block& piece) { writer.add(piece); });
                else
                    writer.add(next);
            });
            clients += static_cast<std::uint64_t>(writer.finish(body));
        }
        std::string out;
        lib0::append_number(out, clients);
        out += body;
        append_delete_set(out, deletes_);
        return out;
    }

private:
    void read(std::string_view update) {
        update_reader in(update);
        bool same_section = false; // as the last one's
        while (const auto next = in.next_block()) {
            if (next->kind == content_kind::skip)
                continue;
            if (!same_section || sections_.back().client != next->client)
                sections_.push_back({next->client, blocks_.size(), blocks_.size()});
            blocks_.push_back(*next);
            sections_.back().end = blocks_.size();
            same_section = true;
        }
        while (const auto next = in.next_delete())
            append(deletes_, *next);
    }

    // All of the client whose sections begin at `at`, which goes on to the next client's.
    const std::vector<block*>& blocks_of_client(std::size_t& at) {
        order_.clear();
        const std::uint64_t client = sections_[at].client;
        for (; at < sections_.size() && sections_[at].client == client; ++at) {
            for (std::size_t i = sections_[at].begin; i < sections_[at].end; ++i)
                order_.push_back(&blocks_[i]);
        }
        const auto clock = [](const block* each) { return each->clock; };
        if (!std::ranges::is_sorted(order_, {}, clock))
            std::ranges::stable_sort(order_, {}, clock);
        return order_;
    }

    std::vector<block> blocks_;
    std::vector<section> sections_;
    std::vector<block*> order_;
    range_set deletes_;
};

} // namespace

std::string merge(std::span<const std::string_view> updates, const merge_options& options) {
    // Dropped is what was joined before: single characters taken out of a text would make it
    // longer.
    const bool twice = options.squash && options.drop_deleted;
    std::string merged = merger(updates).run({options.squash, options.drop_deleted && !twice});
    if (!twice)
        return merged;
    const std::string_view whole = merged;
    return merger({&whole, 1}).run(options);
}

bool is_merge_of(std::string_view merged, std::span<const std::string_view> updates) {
    const auto decoded = decode(merged);
    const auto* result = std::get_if<summary>(&decoded);
    if (result == nullptr)
        return false;
    summary all;
    for (const std::string_view each : updates) {
        const auto part = decode(each);
        const auto* known = std::get_if<summary>(&part);
        if (known == nullptr)
            return false;
        all.structs.insert(all.structs.end(), known->structs.begin(), known->structs.end());
        all.deletes.insert(all.deletes.end(), known->deletes.begin(), known->deletes.end());
    }
    normalise(all.structs);
    normalise(all.deletes);
    return all.structs == result->structs && all.deletes == result->deletes;
}

} // namespace features::yjs
