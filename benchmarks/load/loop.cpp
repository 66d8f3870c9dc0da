#include "load/loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <sys/epoll.h>
#include <system_error>
#include <unistd.h>

namespace load {
namespace {

constexpr auto longest_wait = std::chrono::milliseconds(20); // how late `done` may be asked

void control(int epoll, int operation, endpoint& which, int descriptor, std::uint32_t events) {
    epoll_event event{events, {.ptr = &which}};
    if (::epoll_ctl(epoll, operation, descriptor, &event) < 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
}

timespec wait_until(time_point at) {
    const auto left = std::clamp<duration>(at - clock::now(), duration::zero(), longest_wait);
    return {0, static_cast<long>(std::chrono::nanoseconds(left).count())};
}

} // namespace

loop::loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_create1");
    }
}

loop::~loop() {
    ::close(epoll_);
}

void loop::add(endpoint& which, int descriptor, std::uint32_t events) {
    control(epoll_, EPOLL_CTL_ADD, which, descriptor, events);
}

void loop::change(endpoint& which, int descriptor, std::uint32_t events) {
    control(epoll_, EPOLL_CTL_MOD, which, descriptor, events);
}

void loop::remove(endpoint& which) {
    std::erase(to_flush_, &which);
    removed_.push_back(&which);
}

bool loop::run(time_point deadline, const std::function<bool()>& done, const work& timed) {
    std::array<epoll_event, 256> events;
    auto next = timed ? clock::now() : deadline;
    while (!done()) {
        now_ = clock::now();
        if (now_ >= deadline) {
            return false;
        }
        if (timed && now_ >= next) {
            next = timed(now_);
        }
        flush_all(); // also what was queued before the loop ran, and by `done`
        const auto timeout = wait_until(std::min(next, deadline));
        const int count = ::epoll_pwait2(
            epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
        removed_.clear();
        for (int i = 0; i < count; ++i) {
            const auto& event = events[static_cast<std::size_t>(i)];
            auto* which = static_cast<endpoint*>(event.data.ptr);
            if (removed_.empty() || std::ranges::find(removed_, which) == removed_.end()) {
                now_ = clock::now();
                which->on_ready(event.events);
                flush_all();
            }
        }
    }
    return true;
}

void loop::flush_all() {
    for (std::size_t i = 0; i < to_flush_.size(); ++i) {
        to_flush_[i]->flush();
    }
    to_flush_.clear();
}

} // namespace load
