// Editors type in one document, in turn, and what each of the others is told counts.
#include "load/editors.hpp"
#include "load/measure.hpp"
#include "load/schedule.hpp"
#include "load/yjs_update.hpp"

#include <deque>
#include <functional>
#include <stdexcept>

namespace load {
namespace {

constexpr std::uint64_t first_client = 2'837'000'000; // numbers as long as Yjs's own
constexpr auto drain_limit = std::chrono::seconds(2);

// Keystrokes that not all have been told of. The nth is the next one of editor n % editors.
class keystrokes {
public:
    keystrokes(editors& all, tally& counts, const loop& on) : all_(all), counts_(counts) {
        all.has_update = [this, &on](std::size_t who, std::string_view update) {
            told(who, update, on.now());
        };
    }

    void type(time_point due) {
        const auto number = first_ + under_way_.size();
        under_way_.push_back({due, all_.size() - 1});
        std::string update;
        append_typed(update, first_client + number % all_.size(), number / all_.size(), "x");
        all_.send(number % all_.size(), update);
    }

    // How many have been typed; and of these all others know.
    [[nodiscard]] std::uint64_t typed() const { return first_ + under_way_.size(); }
    [[nodiscard]] const std::uint64_t& completed() const { return completed_; }
    // What is not known to all is charged with the time since it was due.
    void give_up(time_point now) {
        for (const auto& each : under_way_) {
            if (each.left > 0) {
                counts_.latencies.record(now - each.due);
            }
        }
    }

    std::function<void()> all_know; // of one keystroke more

private:
    struct keystroke {
        time_point due;
        std::size_t left; // editors who have not been told
    };

    void told(std::size_t who, std::string_view update, time_point now) {
        const auto [client, clock] = first_of(update);
        const auto author = client - first_client;
        const auto number = clock * all_.size() + author;
        if (author == who) {
            return; // some servers send a client its own back
        }
        if (number < first_ || number >= typed() || under_way_[number - first_].left == 0) {
            throw std::runtime_error("an update that nobody has sent, or that came twice");
        }
        ++counts_.messages;
        auto& of = under_way_[number - first_];
        if (--of.left > 0) {
            return;
        }
        ++completed_;
        counts_.latencies.record(now - of.due);
        while (!under_way_.empty() && under_way_.front().left == 0) {
            under_way_.pop_front();
            ++first_;
        }
        if (all_know) {
            all_know();
        }
    }

    editors& all_;
    tally& counts_;
    std::deque<keystroke> under_way_; // and some that are known to all
    std::uint64_t first_ = 0;         // the number of the first of them
    std::uint64_t completed_ = 0;
};

// So many keystrokes are under way at any time.
void closed_loop(loop& on, keystrokes& typing, const plan& how, tally& counts, figures& to) {
    typing.all_know = [&] { typing.type(on.now()); };
    for (std::size_t i = 0; i < how.in_flight; ++i) {
        typing.type(clock::now());
    }
    measure(on, how, counts, to, {}, &typing.completed());
}

// At a fixed rate, whether the server keeps up or not; latency is until the last has been told,
// from when the keystroke was due.
void open_loop(loop& on, keystrokes& typing, const plan& how, tally& counts, figures& to) {
    const schedule due(how.rate);
    const auto type = [&](time_point now) {
        while (due.at(typing.typed()) <= now) {
            typing.type(due.at(typing.typed()));
        }
        return due.at(typing.typed());
    };
    const auto never = [] { return false; };
    on.run(clock::now() + how.warm_up, never, type);
    const auto before = typing.completed();
    counts.clear();
    const meter cost(how.process);
    on.run(clock::now() + how.time, never, type);
    const auto accepted = static_cast<double>(typing.completed() - before);
    cost.read(to, counts.messages);
    to.add("updates_per_second", accepted / seconds(how.time));
    on.run(clock::now() + drain_limit, [&] { return typing.completed() == typing.typed(); });
    typing.give_up(clock::now());
    to.add_latencies(counts.latencies);
    to.add("unanswered", static_cast<double>(typing.typed() - typing.completed()));
}

} // namespace

void edit(const plan& how) {
    loop on;
    editors all(on, how, "benchmark");
    all.connect(how.clients);
    all.join_all();
    tally counts; // of what editors were told; latencies until the last has been
    keystrokes typing(all, counts, on);
    figures to;
    if (how.rate > 0) {
        open_loop(on, typing, how, counts, to);
    } else {
        closed_loop(on, typing, how, counts, to);
    }
    to.add("retries", static_cast<double>(all.retries()));
    to.print();
}

} // namespace load
