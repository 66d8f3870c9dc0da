#include "engine/shard.hpp"

#include "base/session_clock.hpp"
#include "base/sid.hpp"
#include "eio/raw_server.hpp"
#include "eio/server.hpp"
#include "engine/features.hpp"
#include "engine/lending.hpp"
#include "engine/outbox.hpp"
#include "engine/shard_rooms.hpp"
#include "engine/shards.hpp"
#include "net/asgi_connection.hpp"
#include "net/context.hpp"
#include "net/handoff.hpp"
#include "net/http_connection.hpp"
#include "net/listener.hpp"
#include "net/origin_judge.hpp"
#include "net/siblings.hpp"
#include "sio/server.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <csignal>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace engine {

namespace asio = boost::asio;

class shard::body final : public shard_context,
                          private sio::event_sink,
                          private eio::raw_event_sink,
                          private base::log_sink,
                          private net::asgi_sink,
                          private net::siblings,
                          private net::origin_judge {
public:
    body(
        const config& options,
        std::shared_ptr<outbox> out,
        std::shared_ptr<base::mailbox<shard_task>> inbox,
        pace& pace,
        totals counted,
        unsigned index,
        shards& all)
        : out_(std::move(out)),
          inbox_(std::move(inbox)),
          pace_(pace),
          index_(index),
          all_(all),
          rooms_(sio_, index, all),
          features_(rooms_, time_, [this] { schedule_turn_end(); }),
          lending_(index, all),
          sids_(index, all.count()),
          sio_(options.sio, *this, *this, sids_),
          raw_(eio_, *this, *this),
          eio_(
              options.eio,
              options.raw ? static_cast<eio::handler&>(raw_) : sio_,
              sids_,
              *this,
              {.schedule_flush = [this] { schedule_turn_end(); },
               .ask_relay = [this] { tell(relay_check{index_}); },
               .may_ask =
                   [this] {
                       return out_->questions.fetch_add(1, std::memory_order_relaxed) <
                              outbox::most_questions;
                   },
               .ask_application =
                   [this](eio::door_question&& question) { tell(std::move(question)); },
               .tell_withdrawn = [this](const base::sid& id) { tell(question_withdrawn{id}); },
               .tell_refused =
                   [this](eio::refused_request&& refused) {
                       if (out_->refusals.fetch_add(1, std::memory_order_relaxed) <
                           outbox::most_refusals)
                           tell(std::move(refused));
                   },
               .sessions = std::move(counted.sessions)}),
          work_(asio::make_work_guard(io_)),
          timer_(io_),
          look_timer_(io_),
          asgi_(eio_, *this),
          net_(
              io_,
              eio_,
              read_buffer_,
              *this,
              {.max_connections = options.max_connections},
              all.count() > 1 ? this : nullptr,
              std::move(counted.connections),
              time_,
              options.eio.cors.ask_application ? this : nullptr) {
        if (options.sio.format == sio::packet_format::json)
            sio_.use(features_);
        if (all.count() > 1)
            sio_.use(lending_);
    }

    ~body() override {
        // Sessions first: their transports hold sockets of the io_context.
        eio_.close_all(eio::close_reason::server_shutdown, now());
        while (eio_.unfinished())
            eio_.flush(now());
    }

    // The thread's whole life.
    void run() {
        ignore_broken_pipes();
        while (!io_.stopped())
            guarded([this] { io_.run(); });
        // Asked to stop: what the closed sessions have yet to send is the only work left.
        io_.restart();
        const auto until = base::clock::now() + patience_;
        while (!io_.stopped() && base::clock::now() < until)
            guarded([this, until] { io_.run_until(until); });
        while (next_task_ < tasks_.size())
            run_task();
        tasks_.clear();
        inbox_->close();
    }

    // Any thread.
    void wake() {
        asio::post(io_, [this] { run_inbox(); });
    }

    void begin_stop(std::chrono::milliseconds patience) {
        patience_ = patience;
        stop_listening();
        eio_.refuse_new_sessions();
        eio_.close_all(eio::close_reason::server_shutdown, now());
        timer_.cancel();
        look_timer_.cancel();
        stopping_ = true;
        work_.reset();
        io_.stop();
    }

    sio::server& sio() noexcept override { return sio_; }
    eio::server& eio() noexcept override { return eio_; }
    eio::raw_server& raw() noexcept override { return raw_; }
    net::asgi_door& asgi() noexcept override { return asgi_; }
    features& modules() noexcept override { return features_; }
    lending& lent() noexcept override { return lending_; }
    base::time_point now() const noexcept override { return time_.now(); }
    base::log_sink& logs() noexcept override { return *this; }
    shards& siblings() noexcept override { return all_; }
    unsigned index() const noexcept override { return index_; }
    // What leaves in one turn of the loop wakes the application once, at its end.
    void tell(notification&& told) override {
        if (out_->box.post(std::move(told)) != base::post_result::first)
            return;
        wake_application_ = true;
        schedule_turn_end();
        look_again();
    }

    std::pair<std::string, std::uint16_t>
    listen(const std::string& host, std::uint16_t port, const std::string& path) override {
        auto added = std::make_shared<net::listener>(net_, host, port, path);
        const auto bound = added->local_endpoint();
        listeners_.push_back(std::move(added));
        return bound;
    }
    void stop_listening() override {
        if (listeners_.empty())
            return;
        for (const auto& each : std::exchange(listeners_, {}))
            each->stop();
        for (unsigned other = 0; other < all_.count(); ++other)
            if (other != index_)
                all_[other].post([](shard_context& in) { in.close_waiting(); });
    }
    void close_waiting() override { net::close_waiting(net_); }
    void arrive(net::moving_connection&& arriving) override {
        net::arrive(net_, std::move(arriving));
    }
    void adopt(net::descriptor&& peer, eio::http_request&& handshake, std::uint64_t id) override {
        net::handshake_answered answered;
        if (id != 0)
            answered = [this, id](std::optional<base::sid> eio_sid, int status) {
                out_->post(adopted{id, eio_sid, status});
            };
        net::adopt(net_, std::move(peer), std::move(handshake), std::move(answered));
    }
    std::size_t connection_count() const noexcept override { return *net_.connections; }
    void relay_checked() override { eio_.on_relay_round(now()); }
    void origin_judged(std::uint64_t question, bool allowed) override {
        if (const auto found = origin_questions_.extract(question))
            found.mapped()(allowed);
    }

    void hold_time() override { time_.hold(); }
    void release_time() override {
        time_.release();
        armed_for_ = base::time_point::max(); // of another time
        arm_timer();
    }
    base::clock::duration due_in() const noexcept override {
        const auto next = next_deadline();
        return next ? std::max(*next - now(), base::clock::duration::zero())
                    : base::clock::duration::max();
    }
    void pass_time(base::clock::duration by) override {
        time_.hold();
        time_.pass(by);
        sweep();
    }
    bool turn_open() const noexcept override { return turn_end_scheduled_ || rest_waits_; }

private:
    // The process-wide handler is Python's affair; a write to a closed socket on this thread must
    // not end it all.
    static void ignore_broken_pipes() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr);
    }

    // What gets past this ends the process. A session or connection that fails closes itself; this
    // is for what is not about one, and for what is too short of memory even for that. The rest of
    // the turn, and the turns to come, do not hear of it.
    template <class Work>
    void guarded(Work work) noexcept {
        try {
            work();
        } catch (const std::exception& error) {
            complain(error.what());
        } catch (...) {
            complain("no exception of the standard library's");
        }
    }
    void complain(const char* what) noexcept {
        try {
            log(base::log_channel::engineio,
                base::log_level::error,
                std::string("the engine goes on after an error: ") + what);
        } catch (const std::exception&) {
            // Out of memory while saying so.
        }
    }

    // Of the loop's time, for the inbox. Not less: between two of them up to 250 sockets are
    // written to, and a room that is emitted to again and again gets the more small writes.
    static constexpr auto slice = std::chrono::milliseconds(2);
    static constexpr std::size_t tasks_a_look = 8;
    static constexpr std::uint64_t deliveries_a_look = 1'000; // about 50 µs
    static constexpr std::size_t tasks_kept = 16 * 1024;      // room for so many: 3 MB
    static constexpr std::size_t unreported = 1024 * 1024;    // bytes

    std::optional<unsigned> elsewhere(const eio::http_request& request) override {
        const auto home = all_.home_of(request);
        return home == index_ ? std::nullopt : std::optional(home);
    }
    void move(unsigned shard, net::moving_connection&& leaving) override {
        all_[shard].post(
            [leaving = std::move(leaving)](shard_context& in) mutable {
                in.arrive(std::move(leaving));
            },
            urgency::now);
    }

    void run_inbox() {
        if (rest_waits_)
            return; // whom this is for comes behind the rest, see run_rest()
        inbox_->take(tasks_);
        next_task_ = 0;
        run_tasks();
    }

    // A turn of the loop takes as many tasks as fit into a slice of time: sockets, timers and what
    // has been written have theirs between. One emit is never cut in two.
    void run_tasks() {
        const auto first = next_task_;
        const auto end =
            tasks_.size() > first + 1 ? base::clock::now() + slice : base::time_point::max();
        // The clock costs as much as a small task: it is looked at after several, or a large one.
        std::uint64_t look_at = sio_.deliveries() + deliveries_a_look;
        while (next_task_ < tasks_.size()) {
            run_task();
            if (next_task_ % tasks_a_look != 0 && sio_.deliveries() < look_at)
                continue;
            if (base::clock::now() >= end)
                return leave_rest(first);
            look_at = sio_.deliveries() + deliveries_a_look;
        }
        tasks_.clear();
        if (tasks_.capacity() > tasks_kept)
            std::vector<shard_task>().swap(tasks_);
        next_task_ = 0;
        report_done();
        arm_timer();
        if (pace_.bursting)
            look_again();
    }

    void run_task() noexcept {
        auto& task = tasks_[next_task_++];
        guarded([&] { task(*this); });
        done_weight_ += task.weight();
    }

    void leave_rest(std::size_t first) {
        for (auto done = first; done < next_task_; ++done)
            const auto freed = std::move(tasks_[done]);
        report_done();
        asio::post(io_, [this] { run_rest(); });
        rest_waits_ = true;
    }

    // Now and then, since it takes the lock; at once when somebody may wait for it: what he has
    // posted brings us here.
    void report_done() {
        if (done_weight_ > unreported || inbox_->full())
            inbox_->done(std::exchange(done_weight_, 0));
    }

    void run_rest() {
        rest_waits_ = false;
        run_tasks();
        if (!rest_waits_)
            wake(); // for those that found the rest here
    }

    // See shard::begin_burst().
    void look_again() {
        if (stopping_ || pace_.looking.exchange(true))
            return;
        look_timer_.expires_after(std::chrono::milliseconds(1));
        look_timer_.async_wait([this](boost::system::error_code error) {
            pace_.looking = false; // before it looks: see post()
            if (error)
                return;
            run_inbox();
            if (pace_.bursting || !out_->box.empty())
                look_again();
        });
    }

    // Runs after all that this turn of the loop has made ready.
    void schedule_turn_end() {
        if (turn_end_scheduled_)
            return;
        asio::post(io_, [this] {
            turn_end_scheduled_ = false;
            if (std::exchange(wake_application_, false))
                out_->wake.signal();
            guarded([this] { eio_.flush(now()); });
            arm_timer();
        });
        turn_end_scheduled_ = true;
    }

    std::optional<base::time_point> next_deadline() const {
        auto next = eio_.next_deadline();
        for (const auto& other : {sio_.next_deadline(), features_.next_deadline()})
            if (other && (!next || *other < *next))
                next = other;
        return next;
    }

    void arm_timer() {
        const auto next = next_deadline();
        if (stopping_ || !next || *next >= armed_for_ || time_.held())
            return;
        armed_for_ = *next;
        timer_.expires_at(time_.steady(*next));
        timer_.async_wait([this](boost::system::error_code error) {
            if (error)
                return; // moved to an earlier time, or stopping
            armed_for_ = base::time_point::max();
            sweep();
            arm_timer();
        });
    }

    void sweep() {
        const auto time = now();
        guarded([&] { eio_.sweep(time); });
        guarded([&] { sio_.sweep(time); });
        guarded([&] { features_.sweep(time); });
    }

    void on_event(sio::server_event&& told) override {
        if (const auto* closed = std::get_if<sio::session_closed_event>(&told))
            all_.forget_host(closed->eio_sid);
        std::visit([&](auto&& each) { tell(std::move(each)); }, std::move(told));
    }
    void on_raw_event(eio::raw_event&& told) override {
        std::visit([&](auto&& each) { tell(std::move(each)); }, std::move(told));
    }
    void on_asgi(net::asgi_output&& output) override {
        std::visit([&](auto&& each) { tell(std::move(each)); }, std::move(output));
    }
    void judge(std::shared_ptr<const eio::http_request> request, std::function<void(bool)> answered)
        override {
        origin_questions_.emplace(++last_question_, std::move(answered));
        tell(origin_question{index_, last_question_, std::move(request)});
    }
    void log(base::log_channel channel, base::log_level level, std::string text) override {
        if (out_->log_bytes.fetch_add(text.size(), std::memory_order_relaxed) <
            outbox::most_log_bytes)
            tell(log_line{channel, level, std::move(text)});
    }

    std::shared_ptr<outbox> out_;
    std::shared_ptr<base::mailbox<shard_task>> inbox_;
    pace& pace_;
    const unsigned index_;
    shards& all_;
    std::vector<shard_task> tasks_; // taken from the inbox
    std::size_t next_task_ = 0;     // of these
    std::size_t done_weight_ = 0;   // of those that have been run and not reported
    bool rest_waits_ = false;       // run_rest() will come
    base::session_clock time_;
    shard_rooms rooms_;
    features features_; // before the server, which tells it of clients to the end
    lending lending_;
    base::sid_source sids_;
    sio::server sio_;
    eio::raw_server raw_;
    eio::server eio_;
    net::read_buffer read_buffer_;
    // After the servers, so that connections which end with it can still report to them.
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    asio::steady_timer timer_;
    asio::steady_timer look_timer_;
    net::asgi_door asgi_;
    net::context net_;
    std::vector<std::shared_ptr<net::listener>> listeners_;
    // One for each connection at most, of which there are as many as `max_connections`.
    std::unordered_map<std::uint64_t, std::function<void(bool)>> origin_questions_;
    std::uint64_t last_question_ = 0;
    base::time_point armed_for_ = base::time_point::max();
    std::chrono::milliseconds patience_{0};
    bool turn_end_scheduled_ = false;
    bool wake_application_ = false;
    bool stopping_ = false;
};

shard::shard(
    const config& options, std::shared_ptr<outbox> out, totals counted, unsigned index, shards& all)
    : inbox_(std::make_shared<base::mailbox<shard_task>>(inbox_bytes)),
      body_(
          std::make_unique<body>(
              options, std::move(out), inbox_, pace_, std::move(counted), index, all)) {
    thread_ = std::thread([this] { body_->run(); });
}

shard::~shard() {
    begin_stop(std::chrono::milliseconds::zero());
    join();
}

bool shard::post(shard_task&& task, urgency how) {
    if (how == urgency::in_burst && pace_.bursting && pace_.looking &&
        (burst_posts_.fetch_add(1, std::memory_order_relaxed) + 1) % posts_a_wake != 0) {
        if (!inbox_->post_quietly(std::move(task)))
            return false;
        // Whoever put an end to either meanwhile may have looked before the task was there.
        if (!(pace_.bursting && pace_.looking) && inbox_->wanted())
            body_->wake();
        return true;
    }
    switch (inbox_->post(std::move(task))) {
    case base::post_result::first:
        body_->wake();
        return true;
    case base::post_result::queued:
        return true;
    case base::post_result::closed:
        return false;
    }
    return false;
}

void shard::wait_for_room() {
    if (full() && inbox_->wanted())
        body_->wake();
    inbox_->wait_for_room();
}

void shard::begin_burst(first_post first) noexcept {
    if (!pace_.bursting.exchange(true))
        burst_posts_.store(
            first == first_post::wakes ? posts_a_wake - 1 : 0, std::memory_order_relaxed);
}

void shard::end_burst() {
    pace_.bursting = false;
    if (inbox_->wanted())
        body_->wake();
}

void shard::begin_stop(std::chrono::milliseconds patience) {
    end_burst();
    post([this, patience](shard_context&) { body_->begin_stop(patience); }, urgency::now);
}

void shard::join() {
    if (thread_.joinable())
        thread_.join();
}

} // namespace engine
