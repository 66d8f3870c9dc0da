// The meter of tokens: what a record costs, with an id and without, by itself and with a group.
#include "features/usage/meter.hpp"
#include "micro/parts.hpp"
#include "micro/stopwatch.hpp"

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace micro {
namespace {

using namespace features::usage;

constexpr std::int64_t now = 1'800'000'000;

record one(std::string_view id = {}) {
    return {.model = "gpt-4o", .user = "user-1", .id = id, .in = 812, .out = 164, .total = 976};
}

// As many users as a busy server has within a minute.
std::vector<std::string> many_users() {
    std::vector<std::string> users;
    for (int i = 0; i < 1000; ++i)
        users.push_back("user-" + std::to_string(i));
    return users;
}

} // namespace

// With an id that is new, of a model in a group.
void usage_figure() {
    const auto users = many_users();
    meter with_ids({});
    keep(with_ids.declare("g", {"gpt-4o"}, {{}, 60}, 1'000'000'000));
    std::uint64_t number = 0;
    const auto found = timed(
        1,
        [&] {
            const auto id = "request-" + std::to_string(number++);
            auto next = one(id);
            next.user = users[number % users.size()];
            keep(with_ids.count(next, now));
        },
        [] {});
    std::printf("{\"per_second\":%.6g}\n", 1e9 / median(found));
}

void usage() {
    const auto users = many_users();
    std::uint64_t number = 0;
    {
        meter plain({});
        measure("usage, a record without an id", [&] {
            auto next = one();
            next.user = users[number++ % users.size()];
            keep(plain.count(next, now));
        });
    }
    {
        meter with_ids({});
        keep(with_ids.declare("g", {"gpt-4o"}, {{}, 60}, 1'000'000'000));
        measure("usage, a record of a group's model with a new id", [&] {
            auto next = one();
            const auto id = "request-" + std::to_string(number++);
            next.id = id;
            next.user = users[number % users.size()];
            keep(with_ids.count(next, now));
        });
        measure("usage, a record that was counted before", [&] {
            const auto id = "request-" + std::to_string(number - 1);
            keep(with_ids.count(one(id), now));
        });
    }
    {
        meter for_store({});
        for_store.collect(1, {}, false);
        measure(
            "usage, a record with an id for a store, and its part of a batch",
            10'000,
            [&] {
                for (int i = 0; i < 10'000; ++i) {
                    const auto id = "request-" + std::to_string(number++);
                    auto next = one(id);
                    next.user = users[number % users.size()];
                    keep(for_store.count(next, now));
                }
            },
            [&] { keep(for_store.take()); });
    }
    {
        meter shared({});
        measure(
            "usage, a record while another thread counts as well",
            200'000,
            [&] {
                const auto count = [&] {
                    for (int i = 0; i < 100'000; ++i)
                        keep(shared.count(one(), now));
                };
                std::thread other(count);
                count();
                other.join();
            },
            [] {});
    }
}

} // namespace micro
