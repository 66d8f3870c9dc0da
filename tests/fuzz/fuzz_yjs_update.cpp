// Any bytes as one or two Yjs updates, and as what else peers send: no crash, and what the
// functions promise of each other.
#include "features/yjs/awareness.hpp"
#include "features/yjs/coverage.hpp"
#include "features/yjs/diff.hpp"
#include "features/yjs/merge.hpp"
#include "features/yjs/state_vector.hpp"
#include "features/yjs/update.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

namespace yjs = features::yjs;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

yjs::summary summary_of(std::string_view update) {
    auto decoded = yjs::decode(update);
    require(std::holds_alternative<yjs::summary>(decoded));
    return std::get<yjs::summary>(std::move(decoded));
}

std::string merge(const std::vector<std::string_view>& updates, bool squash, bool drop) {
    std::string merged = yjs::merge(updates, {.squash = squash, .drop_deleted = drop});
    require(yjs::is_merge_of(merged, updates));
    // What is merged once is as short as it gets.
    const std::string_view whole = merged;
    require(yjs::merge({&whole, 1}, {.squash = squash, .drop_deleted = drop}) == merged);
    return merged;
}

void check_diff(const std::string& state, const yjs::state_vector& known) {
    const std::string missing = yjs::diff(state, known);
    const yjs::summary sent = summary_of(missing);
    const yjs::summary all = summary_of(state);
    require(sent.deletes == all.deletes);
    // With what the peer has, it has all.
    yjs::coverage both;
    both.add(sent);
    both.add({.structs = known.clients()});
    require(!both.exact() || both.contains(all));
}

void check_updates(const std::vector<std::string_view>& updates) {
    yjs::coverage known;
    for (const std::string_view each : updates)
        known.add(summary_of(each));
    for (const bool squash : {false, true}) {
        for (const bool drop : {false, true}) {
            const std::string merged = merge(updates, squash, drop);
            const yjs::summary made = summary_of(merged);
            require(!known.exact() || known.contains(made));
            check_diff(merged, yjs::state_vector());
            check_diff(merged, yjs::state_vector(summary_of(updates.front()).structs));
        }
    }
}

void check_awareness(std::string_view bytes) {
    const auto decoded = yjs::decode_awareness(bytes);
    if (const auto* states = std::get_if<std::vector<yjs::awareness_state>>(&decoded)) {
        const std::string written = yjs::encode_awareness(*states);
        const auto again = yjs::decode_awareness(written);
        require(std::get<std::vector<yjs::awareness_state>>(again).size() == states->size());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_awareness(bytes);
    const auto vector = yjs::decode_state_vector(bytes);
    if (const auto* known = std::get_if<yjs::state_vector>(&vector)) {
        const std::string written = yjs::encode_state_vector(*known);
        require(std::get<yjs::state_vector>(yjs::decode_state_vector(written)) == *known);
    }
    if (size == 0)
        return 0;
    // The first byte says where the second update begins.
    const std::size_t middle = 1 + data[0] % size;
    std::vector<std::string_view> updates;
    for (const std::string_view each : {bytes.substr(1, middle - 1), bytes.substr(middle), bytes}) {
        const auto decoded = yjs::decode(each);
        if (std::holds_alternative<yjs::summary>(decoded))
            updates.push_back(each);
    }
    if (!updates.empty())
        check_updates(updates);
    return 0;
}
