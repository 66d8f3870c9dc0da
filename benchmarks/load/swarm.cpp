#include "load/swarm.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <sys/epoll.h>
#include <system_error>
#include <unistd.h>

namespace load {
namespace {

constexpr std::size_t most_connecting = 64; // well below any server's listen backlog
constexpr int turn_ms = 20;                 // how late a deadline may be noticed

} // namespace

swarm::swarm(target server) : server_(std::move(server)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_create1");
    }
}

swarm::~swarm() {
    ::close(epoll_);
}

void swarm::connect(std::size_t count, clock::time_point deadline) {
    std::size_t ready = 0;
    while (ready < count) {
        const auto goal = std::min(count, clients_.size() + most_connecting);
        while (clients_.size() < goal) {
            auto& one = *clients_.emplace_back(std::make_unique<client>(clients_.size(), server_));
            writing_.push_back(false);
            epoll_event event{EPOLLIN, {.ptr = &one}};
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, one.descriptor(), &event);
            serve(one, false);
        }
        const bool all = run(deadline, [this, &ready, goal] {
            while (ready < goal && clients_[ready]->connected()) {
                ++ready;
            }
            return ready == goal;
        });
        if (!all) {
            throw std::runtime_error(
                "only " + std::to_string(ready) + " of " + std::to_string(count) +
                " clients were connected in time");
        }
    }
}

bool swarm::run(clock::time_point deadline, const std::function<bool()>& done) {
    std::array<epoll_event, 256> events;
    while (!done()) {
        if (clock::now() >= deadline) {
            return false;
        }
        const int count =
            ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), turn_ms);
        for (int i = 0; i < count; ++i) {
            const auto& event = events[static_cast<std::size_t>(i)];
            serve(*static_cast<client*>(event.data.ptr), (event.events & ~EPOLLOUT) != 0);
        }
    }
    return true;
}

void swarm::serve(client& one, bool readable) {
    if (readable) {
        one.receive(handler_);
    }
    one.flush();
    if (one.wants_to_write() != writing_[one.index()]) {
        watch(one, one.wants_to_write());
    }
}

void swarm::watch(client& one, bool writing) {
    writing_[one.index()] = writing;
    epoll_event event{writing ? EPOLLIN | EPOLLOUT : EPOLLIN, {.ptr = &one}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, one.descriptor(), &event);
}

} // namespace load
