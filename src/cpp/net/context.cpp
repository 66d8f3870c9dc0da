#include "net/context.hpp"

#include "eio/server.hpp"
#include "net/http_connection.hpp"
#include "net/message_deflate.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/wait_traits.hpp>

#include <utility>

namespace net {

namespace asio = boost::asio;

namespace {

std::unique_ptr<message_deflate> make_deflate(const eio::config& options) {
    if (!options.websocket_compression)
        return nullptr;
    return std::make_unique<message_deflate>(deflate_options{
        .threshold_bytes = options.websocket_compression_threshold_bytes,
        .level = options.websocket_compression_level});
}

} // namespace

// Runs while there is a deadline, so that a loop without one can end.
class context::ticker : public std::enable_shared_from_this<ticker> {
public:
    explicit ticker(context& owner) : timer_(owner.loop), owner_(&owner) {}

    void watch(bool wanted) {
        if (!wanted) {
            timer_.cancel();
            return;
        }
        timer_.expires_after(std::chrono::seconds(1));
        timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
            const auto self = weak.lock();
            if (!error && self && self->owner_)
                self->tick();
        });
    }
    void stop() {
        owner_ = nullptr;
        timer_.cancel();
    }

private:
    void tick() {
        owner_->deadlines.sweep(base::clock::now());
        if (!owner_->deadlines.empty())
            watch(true);
    }

    asio::basic_waitable_timer<
        base::clock,
        asio::wait_traits<base::clock>,
        asio::io_context::executor_type>
        timer_;
    context* owner_;
};

context::context(
    asio::io_context& loop_,
    eio::server& server_,
    net::read_buffer& buffer_,
    base::log_sink& log_,
    const net::limits& limits_,
    siblings* others_,
    base::shared_count connections_,
    const base::session_clock& time_,
    origin_judge* judge_)
    : loop(loop_),
      server(server_),
      buffer(buffer_),
      log(log_),
      limits(limits_),
      others(others_),
      time(time_),
      judge(judge_),
      poller(loop_),
      deadlines([this](bool wanted) { ticker_->watch(wanted); }),
      connections(std::move(connections_)),
      decoder(server_.options().max_payload_bytes),
      deflate(make_deflate(server_.options())),
      ticker_(std::make_shared<ticker>(*this)) {}

context::~context() {
    end_connections(*this); // the loop, which keeps them alive, ends after this
    ticker_->stop();
}

} // namespace net
