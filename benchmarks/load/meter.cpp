#include "load/meter.hpp"

#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

namespace load {

duration cpu_time(pid_t process) {
    clockid_t id{};
    timespec time{};
    if (::clock_getcpuclockid(process, &id) != 0 || ::clock_gettime(id, &time) != 0) {
        throw std::runtime_error("the server has ended");
    }
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::size_t resident_bytes(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    if (!(file >> total >> resident)) {
        throw std::runtime_error("the server has ended");
    }
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void figures::add(std::string_view name, double value) {
    if (!std::isfinite(value)) {
        throw std::runtime_error("nothing was measured: " + std::string(name) + " has no value");
    }
    char number[32];
    std::snprintf(number, sizeof number, "%.6g", value);
    json_ += json_.empty() ? "\"" : ",\"";
    json_ += name;
    json_ += "\":";
    json_ += number;
}

void figures::add_latencies(const histogram& latencies) {
    if (latencies.count() == 0) {
        return;
    }
    add("p50_us", latencies.percentile_us(0.50));
    add("p90_us", latencies.percentile_us(0.90));
    add("p99_us", latencies.percentile_us(0.99));
    add("p999_us", latencies.percentile_us(0.999));
    add("max_us", latencies.max_us());
}

void figures::print() const {
    std::printf("{%s}\n", json_.c_str());
    std::fflush(stdout);
}

meter::meter(pid_t server)
    : server_(server),
      began_(clock::now()),
      server_cpu_(cpu_time(server)),
      own_cpu_(cpu_time(::getpid())) {}

void meter::read(figures& to, std::uint64_t messages) const {
    const auto server = seconds(cpu_time(server_) - server_cpu_);
    const auto own = seconds(cpu_time(::getpid()) - own_cpu_);
    const auto wall = seconds(clock::now() - began_);
    to.add("seconds", wall);
    to.add("messages", static_cast<double>(messages));
    to.add("per_second", static_cast<double>(messages) / wall);
    if (messages > 0) {
        to.add("cpu_us", server * 1e6 / static_cast<double>(messages));
    }
    to.add("server_cores", server / wall);
    to.add("generator_busy", own / wall);
}

} // namespace load
