// Times a small piece of work: repeats it until the clock says something, and takes the median of
// several such runs.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace micro {

using clock = std::chrono::steady_clock;

// Of one run; `micro briefly` makes it so short that the figures say nothing.
inline std::chrono::microseconds run_time = std::chrono::milliseconds(60);

// Makes the compiler believe that a value is used.
template <class T>
void keep(const T& value) {
    asm volatile("" : : "g"(&value) : "memory");
}

using runs = std::array<double, 9>; // in order

// What one call of `work` takes, in nanoseconds for each of the `things` that it does. `between`,
// which is not timed, undoes what the work has piled up.
template <class Work, class Between>
runs timed(std::size_t things, Work&& work, Between&& between) {
    runs found{};
    for (auto& result : found) {
        clock::duration spent{};
        std::uint64_t calls = 0;
        // Batches, so that reading the clock does not count, grow until one is long enough.
        for (std::uint64_t batch = 1; spent < run_time;
             batch = things > 1 ? 1 : std::min<std::uint64_t>(batch * 2, 1024)) {
            const auto began = clock::now();
            for (std::uint64_t i = 0; i < batch; ++i) {
                work();
            }
            spent += clock::now() - began;
            calls += batch;
            between();
        }
        result = std::chrono::duration<double, std::nano>(spent).count() /
                 static_cast<double>(calls * things);
    }
    std::ranges::sort(found);
    return found;
}

inline double median(const runs& of) {
    return of[of.size() / 2];
}

template <class Work, class Between>
void measure(std::string_view name, std::size_t things, Work&& work, Between&& between) {
    const auto found = timed(things, work, between);
    std::printf(
        "%-58.*s %9.1f ns  (%.1f to %.1f)\n",
        static_cast<int>(name.size()),
        name.data(),
        median(found),
        found.front(),
        found.back());
    std::fflush(stdout);
}

template <class Work>
void measure(std::string_view name, Work&& work) {
    measure(name, 1, work, [] {});
}

} // namespace micro
