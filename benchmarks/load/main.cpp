// load SCENARIO --port 8000 --server-pid 4711 [--clients 100] [--in-flight 8] [--payload 32]
//      [--rate 0] [--warm-up 1] [--seconds 3] [--interval 25] [--event tick] [--path /socket.io/]
//      [--dialect ydoc] [--edits 10000]
#include "load/scenarios.hpp"

#include <array>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <utility>

namespace {

using scenario = void (*)(const load::plan&);

constexpr std::array<std::pair<const char*, scenario>, 16> scenarios{{
    {"echo", load::echo},
    {"to-one", load::to_one},
    {"broadcast", load::broadcast},
    {"connect", load::connect_websocket},
    {"connect-polling", load::connect_polling},
    {"polling", load::polling},
    {"idle", load::idle},
    {"leave", load::leave},
    {"stall", load::stall},
    {"stream", load::stream},
    {"mixed", load::mixed},
    {"ask", load::ask},
    {"edit", load::edit},
    {"join-document", load::join_document},
    {"open-documents", load::open_documents},
    {"join-history", load::join_history},
}};

scenario scenario_of(const std::string& name) {
    std::string all;
    for (const auto& [known, run] : scenarios) {
        if (name == known) {
            return run;
        }
        all += std::string(" ") + known;
    }
    throw std::invalid_argument("expected a scenario:" + all);
}

void set(load::plan& how, const std::string& name, const std::string& value) {
    const auto whole = [&] { return std::stoul(value); };
    const auto time = [&] { return load::from_seconds(std::stod(value)); };
    if (name == "--port") {
        how.server.port = static_cast<std::uint16_t>(whole());
    } else if (name == "--path") {
        how.server.path = value;
    } else if (name == "--server-pid") {
        how.process = static_cast<pid_t>(whole());
    } else if (name == "--clients") {
        how.clients = whole();
    } else if (name == "--in-flight") {
        how.in_flight = whole();
    } else if (name == "--payload") {
        how.payload = whole();
    } else if (name == "--rate") {
        how.rate = std::stod(value);
    } else if (name == "--warm-up") {
        how.warm_up = time();
    } else if (name == "--seconds") {
        how.time = time();
    } else if (name == "--interval") {
        how.interval = time();
    } else if (name == "--event") {
        how.event = value;
    } else if (name == "--dialect") {
        how.dialect = value;
    } else if (name == "--edits") {
        how.edits = whole();
    } else {
        throw std::invalid_argument("unknown option " + name);
    }
}

load::plan parse(int count, char** arguments) {
    load::plan how;
    for (int i = 2; i < count; i += 2) {
        if (i + 1 == count) {
            throw std::invalid_argument(std::string(arguments[i]) + " wants a value");
        }
        set(how, arguments[i], arguments[i + 1]);
    }
    if (how.server.port == 0 || how.process == 0) {
        throw std::invalid_argument("--port and --server-pid are needed");
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
        const auto run = scenario_of(count > 1 ? arguments[1] : "");
        const auto how = parse(count, arguments);
        allow_many_descriptors();
        ::prctl(PR_SET_TIMERSLACK, 1UL); // an open loop keeps its times to the microsecond
        run(how);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
