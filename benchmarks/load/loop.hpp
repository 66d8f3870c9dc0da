// One thread's epoll loop: what has bytes is served, and what was queued meanwhile is sent once.
#pragma once

#include "load/time.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace load {

// A socket that the loop serves. It must be forgotten before it ends.
class endpoint {
public:
    virtual ~endpoint() = default;
    virtual void on_ready(std::uint32_t events) = 0;
    virtual void flush() = 0; // send what was queued since `loop::flush_later`
};

class loop {
public:
    loop(); // throws std::system_error
    ~loop();
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    void add(endpoint& which, int descriptor, std::uint32_t events);
    void change(endpoint& which, int descriptor, std::uint32_t events);
    void remove(endpoint& which); // whose descriptor is closed next, which ends the watching

    // Once the endpoint that is served now has been, call `flush` of this one.
    void flush_later(endpoint& which) { to_flush_.push_back(&which); }

    // When the endpoint that is served now became readable: one look at the clock for all it read.
    [[nodiscard]] time_point now() const { return now_; }

    // Timed work: called when its time has come, returns when it wants to be called again.
    using work = std::function<time_point(time_point now)>;

    // Serve until `done`, asked after each turn, or the deadline; false when the deadline came
    // first.
    bool run(time_point deadline, const std::function<bool()>& done, const work& timed = {});

private:
    void flush_all();

    int epoll_;
    time_point now_ = clock::now();
    std::vector<endpoint*> to_flush_;
    std::vector<const endpoint*> removed_; // in this turn, whose events may still be at hand
};

} // namespace load
