// Linux. The loop waits for a second epoll set, which has the sockets, edge-triggered: each is put
// in once, where a wait of the loop's own would cost a system call for every read.
#include "net/poller.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/intrusive/list.hpp>

#include <array>
#include <cerrno>
#include <cstdint>
#include <sys/epoll.h>
#include <system_error>

namespace net {

namespace asio = boost::asio;

namespace {

using polled_list = boost::intrusive::list<polled, boost::intrusive::constant_time_size<false>>;

constexpr std::uint32_t read_events = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t end_events = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

int make_epoll() {
    const int made = ::epoll_create1(EPOLL_CLOEXEC);
    if (made < 0)
        throw std::system_error(errno, std::generic_category(), "epoll_create1");
    return made;
}

readiness readiness_of(std::uint32_t events) noexcept {
    return {
        .readable = (events & (EPOLLIN | end_events)) != 0,
        .writable = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
        .ended = (events & end_events) != 0};
}

} // namespace

class poller::body : public std::enable_shared_from_this<body> {
public:
    explicit body(asio::io_context& loop) : loop_(loop), epoll_(loop, make_epoll()) {}

    void add(polled& which, int number) {
        control(EPOLL_CTL_ADD, which, number, read_events);
        sockets_.push_back(which);
        wait();
    }

    void remove(polled& which, int number) noexcept {
        epoll_event unused{};
        ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, number, &unused);
        which.unlink();
        for (auto i = next_; i < count_; ++i)
            if (events_[i].data.ptr == &which)
                events_[i].data.ptr = nullptr;
        if (sockets_.empty() && again_.empty()) {
            boost::system::error_code ignored;
            epoll_.cancel(ignored); // so that a loop without sockets can end
        }
    }

    // Also asks how it is now: room may have been made since the write.
    void await_writable(polled& which, int number) {
        control(EPOLL_CTL_MOD, which, number, read_events | EPOLLOUT);
    }

    void call_again(polled& which) {
        if (again_.empty())
            asio::post(loop_, [self = shared_from_this()] { self->run_again(); });
        which.unlink();
        again_.push_back(which);
    }

    void end() noexcept {
        while (!sockets_.empty())
            sockets_.front().on_poller_end();
        while (!again_.empty())
            again_.front().on_poller_end();
        boost::system::error_code ignored;
        epoll_.close(ignored);
    }

private:
    void control(int operation, polled& which, int number, std::uint32_t events) {
        epoll_event event{events, {.ptr = &which}};
        if (::epoll_ctl(epoll_.native_handle(), operation, number, &event) < 0)
            throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }

    // Pending while there are sockets.
    void wait() {
        if (waiting_)
            return;
        epoll_.async_wait(
            asio::posix::descriptor_base::wait_read,
            [self = shared_from_this()](boost::system::error_code) {
                self->waiting_ = false;
                if (!self->epoll_.is_open())
                    return;
                self->report();
                if (!self->sockets_.empty() || !self->again_.empty())
                    self->wait();
            });
        waiting_ = true;
    }

    // No more than the array holds: then the rest of the loop has its turn.
    void report() {
        const int found = ::epoll_wait(
            epoll_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
        count_ = found > 0 ? static_cast<std::size_t>(found) : 0;
        next_ = 0;
        while (next_ < count_) {
            const auto& event = events_[next_++];
            if (event.data.ptr)
                static_cast<polled*>(event.data.ptr)->on_ready(readiness_of(event.events));
        }
    }

    void run_again() {
        polled_list due;
        due.swap(again_);
        while (!due.empty()) {
            auto& which = due.front();
            which.unlink();
            sockets_.push_back(which);
            which.on_ready({.readable = true});
        }
    }

    asio::io_context& loop_;
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> epoll_;
    polled_list sockets_;
    polled_list again_; // those that call_again() has taken out of sockets_
    std::array<epoll_event, 128> events_;
    std::size_t next_ = 0; // of events_, while they are reported
    std::size_t count_ = 0;
    bool waiting_ = false;
};

poller::poller(asio::io_context& loop) : body_(std::make_shared<body>(loop)) {}

poller::~poller() {
    body_->end();
}

void poller::add(polled& which, int number) {
    body_->add(which, number);
}

void poller::remove(polled& which, int number) noexcept {
    body_->remove(which, number);
}

void poller::await_readable(polled&, int) {} // always is

void poller::await_writable(polled& which, int number) {
    body_->await_writable(which, number);
}

void poller::call_again(polled& which) {
    body_->call_again(which);
}

} // namespace net
