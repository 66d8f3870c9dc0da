// load echo|broadcast|idle --port 8000 [--path /socket.io/] [--clients 100] [--in-flight 8]
//                          [--payload 64] [--seconds 3]
#include "load/scenarios.hpp"

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <sys/resource.h>

namespace {

load::plan parse(int count, char** arguments) {
    load::plan how{.server = {.port = 0, .path = "/socket.io/"}};
    for (int i = 2; i < count; i += 2) {
        const std::string name = arguments[i];
        if (i + 1 == count) {
            throw std::invalid_argument(name + " wants a value");
        }
        const std::string value = arguments[i + 1];
        if (name == "--port") {
            how.server.port = static_cast<std::uint16_t>(std::stoul(value));
        } else if (name == "--path") {
            how.server.path = value;
        } else if (name == "--clients") {
            how.clients = std::stoul(value);
        } else if (name == "--in-flight") {
            how.in_flight = std::stoul(value);
        } else if (name == "--payload") {
            how.payload = std::stoul(value);
        } else if (name == "--seconds") {
            how.time = std::chrono::milliseconds(static_cast<long>(std::stod(value) * 1000));
        } else {
            throw std::invalid_argument("unknown option " + name);
        }
    }
    return how;
}

void allow_many_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace

int main(int count, char** arguments) {
    try {
        const std::string scenario = count > 1 ? arguments[1] : "";
        const auto how = parse(count, arguments);
        allow_many_descriptors();
        if (scenario == "echo") {
            load::echo(how);
        } else if (scenario == "broadcast") {
            load::broadcast(how);
        } else if (scenario == "idle") {
            load::idle(how);
        } else {
            throw std::invalid_argument("expected echo, broadcast or idle");
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "load: %s\n", error.what());
        return 1;
    }
}
