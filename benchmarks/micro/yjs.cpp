// Yjs updates: checked, merged, and what a peer lacks taken out; of a history as a person writes.
#include "features/yjs/coverage.hpp"
#include "features/yjs/diff.hpp"
#include "features/yjs/merge.hpp"
#include "features/yjs/state_vector.hpp"
#include "features/yjs/update.hpp"
#include "load/yjs_history.hpp"
#include "micro/parts.hpp"
#include "micro/stopwatch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace micro {
namespace {

namespace yjs = features::yjs;

void measure_merge(const std::string& what, std::span<const std::string_view> updates, bool drop) {
    const yjs::merge_options options{.drop_deleted = drop};
    const std::size_t size = yjs::merge(updates, options).size();
    measure("merge " + what + ", to " + std::to_string(size) + " bytes", [&] {
        keep(yjs::merge(updates, options));
    });
}

std::vector<std::string_view> views(const load::yjs_history& of) {
    return std::vector<std::string_view>(of.updates().begin(), of.updates().end());
}

} // namespace

void merge_figure(std::size_t edits) {
    const load::yjs_history made(edits);
    const auto updates = views(made);
    const auto found = timed(1, [&] { keep(yjs::merge(updates)); }, [] {});
    std::printf(
        "{\"merge_us\":%.6g,\"bytes\":%zu}\n", median(found) / 1000, yjs::merge(updates).size());
}

void write_updates(std::size_t edits) {
    const load::yjs_history made(edits);
    for (const auto& update : made.updates()) {
        const auto size = static_cast<std::uint32_t>(update.size());
        std::fwrite(&size, sizeof size, 1, stdout);
        std::fwrite(update.data(), 1, update.size(), stdout);
    }
}

void yjs_updates() {
    constexpr std::size_t all = 259'778;
    const load::yjs_history made(all);
    const auto updates = views(made);
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
