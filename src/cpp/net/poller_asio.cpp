// Where there is no epoll: every socket waits in the loop's own reactor.
#include "net/poller.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <system_error>
#include <unordered_map>

namespace net {

namespace asio = boost::asio;

class poller::body {
public:
    explicit body(asio::io_context& loop) : loop_(loop) {}

    void add(polled& which, int number) {
        boost::system::error_code error;
        auto watched = std::make_shared<watch>(loop_);
        watched->assign(number, error);
        if (error)
            throw std::system_error(std::error_code(error));
        sockets_.emplace(&which, std::move(watched));
    }

    void remove(polled& which) noexcept {
        const auto found = sockets_.find(&which);
        if (found == sockets_.end())
            return;
        found->second->release(); // cancels what waits; the descriptor is not ours
        sockets_.erase(found);
    }

    void await(polled& which, asio::posix::descriptor_base::wait_type what) {
        const auto& watched = sockets_.at(&which);
        watched->async_wait(what, [watched, &which, what](boost::system::error_code) {
            // A level, asked for each time: a short read needs no second look.
            if (watched->is_open())
                which.on_ready(
                    {.readable = what == asio::posix::descriptor_base::wait_read,
                     .writable = what == asio::posix::descriptor_base::wait_write});
        });
    }

    void call_again(polled& which) {
        asio::post(loop_, [watched = sockets_.at(&which), &which] {
            if (watched->is_open())
                which.on_ready({.readable = true});
        });
    }

    void end() noexcept {
        while (!sockets_.empty())
            sockets_.begin()->first->on_poller_end();
    }

private:
    using watch = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

    asio::io_context& loop_;
    std::unordered_map<polled*, std::shared_ptr<watch>> sockets_;
};

poller::poller(asio::io_context& loop) : body_(std::make_shared<body>(loop)) {}

poller::~poller() {
    body_->end();
}

void poller::add(polled& which, int number) {
    body_->add(which, number);
}

void poller::remove(polled& which, int) noexcept {
    body_->remove(which);
}

void poller::await_readable(polled& which, int) {
    body_->await(which, asio::posix::descriptor_base::wait_read);
}

void poller::await_writable(polled& which, int) {
    body_->await(which, asio::posix::descriptor_base::wait_write);
}

void poller::call_again(polled& which) {
    body_->call_again(which);
}

} // namespace net
