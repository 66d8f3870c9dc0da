// What a measurement costs the server and the generator, and the figures as one line of JSON.
#pragma once

#include "load/histogram.hpp"
#include "load/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace load {

// User and system time of all threads of a process, the ended ones too.
duration cpu_time(pid_t process);
std::size_t resident_bytes(pid_t process); // throws std::runtime_error when it has ended

class figures {
public:
    void add(std::string_view name, double value);
    void add_latencies(const histogram& latencies); // p50_us, p99_us, …
    void print() const;                             // {"name":value,…} on standard output

private:
    std::string json_;
};

// Runs from its making.
class meter {
public:
    explicit meter(pid_t server);
    // seconds, messages, per_second, cpu_us (the server's for each message), server_cores and
    // generator_busy (CPU seconds per second).
    void read(figures& to, std::uint64_t messages) const;

private:
    pid_t server_;
    time_point began_;
    duration server_cpu_;
    duration own_cpu_;
};

} // namespace load
