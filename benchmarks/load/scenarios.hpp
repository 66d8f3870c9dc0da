// What the clients do. Each scenario prints one JSON object per line: {"event":"begin"} and
// {"event":"end",…} enclose what is measured, so that the harness can read the server's CPU time.
#pragma once

#include "load/client.hpp"

#include <chrono>
#include <cstddef>

namespace load {

struct plan {
    target server;
    std::size_t clients = 100;
    std::size_t in_flight = 8;            // echo: per client; broadcast: in all
    std::size_t payload = 64;             // characters of text in each message
    std::chrono::milliseconds time{3000}; // measured, after the warm-up
};

void echo(const plan& how);      // every client keeps `in_flight` acknowledged events under way
void broadcast(const plan& how); // one client has the server send to a room of all
void idle(const plan& how);      // connect, say so, stay until standard input ends

} // namespace load
