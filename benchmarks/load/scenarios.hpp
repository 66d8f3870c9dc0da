// What the clients do. Each scenario prints its figures as one JSON object.
#pragma once

#include "load/tcp.hpp"
#include "load/time.hpp"

#include <cstddef>
#include <string>
#include <sys/types.h>

namespace load {

struct plan {
    target server;
    pid_t process = 0; // the server's
    std::size_t clients = 100;
    std::size_t in_flight =
        8; // echo: per client; broadcast, edit: in all; connect: clients at a time
    std::size_t payload = 32; // characters of text in each message
    double rate = 0;          // open loop: messages per second of all clients; 0: closed loop
    duration warm_up = std::chrono::seconds(1);
    duration time = std::chrono::seconds(3);      // measured, after the warm-up
    duration interval = std::chrono::seconds(25); // the server's ping_interval
    std::string event;                            // whom to ask: echo, one; tick, stream
    std::string dialect;                          // of documents: ydoc, y-socket.io, y-websocket
    std::size_t edits = 10'000;                   // in a document's history
};

void echo(const plan& how);      // events with an ack, in a closed or an open loop
void to_one(const plan& how);    // events that the server answers with an emit to the sender
void broadcast(const plan& how); // one event makes the server emit to a room of all
void connect_websocket(const plan& how); // connect, join the namespace, leave, again
void connect_polling(const plan& how);
void polling(const plan& how); // echo over long-polling; every HTTP request counts
void idle(const plan& how);    // the server's memory for a silent client
void leave(const plan& how);   // all hang up at once; what it costs until the server knows
void stall(const plan& how);   // heartbeats and pings while a handler does not return
void stream(const plan& how);  // 50 small events a second for every client
void mixed(const plan& how);   // a little of everything, at a fixed rate
void ask(const plan& how);     // one event with an ack, asked of a server with so many clients
void edit(const plan& how);    // editors type in one document, in a closed or an open loop
void join_document(const plan& how);  // all open one document at once
void open_documents(const plan& how); // the server's memory for an open document
void join_history(const plan& how);   // one document with a long history: its size, and a join

} // namespace load
