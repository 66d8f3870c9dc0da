// What documents cost that are large, many, or opened by many at once.
#include "load/editors.hpp"
#include "load/meter.hpp"
#include "load/yjs_history.hpp"
#include "load/yjs_update.hpp"

#include <stdexcept>
#include <utility>

namespace load {
namespace {

constexpr std::string_view document = "benchmark";
constexpr std::uint64_t client = 2'837'000'000;
constexpr auto limit = std::chrono::minutes(1);
constexpr auto settled = std::chrono::seconds(1);
constexpr std::size_t documents_each = 16; // of the 20 that Open WebUI lets a client have
constexpr std::size_t joins = 30;
// Until the server waits again: the kernel does not tell of the time that a thread is using.
constexpr auto at_rest = std::chrono::milliseconds(20);

const auto never = [] { return false; };

std::string written(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
        text += static_cast<char>(i % 7 == 6 ? ' ' : 'a' + i * i % 26);
    }
    std::string update;
    append_typed(update, client, 0, text);
    return update;
}

// The document's state as `who` is told it, which comes behind all that he has sent.
std::size_t state_size(loop& on, editors& all, std::size_t who) {
    std::size_t size = 0;
    auto others = std::exchange(
        all.has_state, [&](std::size_t, std::string_view state) { size = state.size(); });
    all.join(who);
    const bool told = on.run(clock::now() + limit, [&] { return size > 0; });
    all.has_state = std::move(others);
    if (!told) {
        throw std::runtime_error("no state came");
    }
    return size;
}

} // namespace

void join_document(const plan& how) {
    loop on;
    editors author(on, how, document);
    author.connect(1);
    author.join_all();
    author.send(0, written(how.payload));
    if (state_size(on, author, 0) < how.payload) {
        throw std::runtime_error("the server has not kept what was written");
    }
    editors all(on, how, document);
    all.connect(how.clients);
    const meter cost(how.process);
    all.join_all();
    figures to;
    cost.read(to, how.clients);
    to.print();
}

void open_documents(const plan& how) {
    loop on;
    editors all(on, how, document);
    all.connect(how.clients);
    const auto text = written(how.payload);
    const auto name = [](std::size_t who, std::size_t number) {
        return "document-" + std::to_string(who) + "-" + std::to_string(number);
    };
    // The first of each is opened before the others are counted: what a connection needs to take
    // such an update is not the document's.
    std::vector<std::size_t> opened(how.clients);
    std::size_t ready = 0;
    std::size_t wanted = 1;
    const auto open_next = [&](std::size_t who) { all.join(who, name(who, opened[who])); };
    all.has_state = [&](std::size_t who, std::string_view state) {
        if (state.size() < how.payload) { // new: it is written, and its state asked for again
            all.send(who, text, name(who, opened[who]));
            return open_next(who);
        }
        if (++opened[who] == wanted) {
            ++ready;
        } else {
            open_next(who);
        }
    };
    const auto open_all = [&](std::size_t each) {
        wanted = each;
        ready = 0;
        for (std::size_t i = 0; i < how.clients; ++i) {
            open_next(i);
        }
        if (!on.run(clock::now() + limit, [&] { return ready == how.clients; })) {
            throw std::runtime_error("not all documents were opened in time");
        }
        on.run(clock::now() + settled, never);
    };
    open_all(1);
    const auto before = resident_bytes(how.process);
    const meter cost(how.process);
    open_all(1 + documents_each);
    const auto after = resident_bytes(how.process);
    const auto count = how.clients * documents_each;
    figures to;
    cost.read(to, count);
    const auto grown = static_cast<double>(after) - static_cast<double>(before);
    to.add("bytes_each", grown / static_cast<double>(count));
    to.add("resident_growth", grown);
    to.add("resident_mib", static_cast<double>(after) / (1024.0 * 1024));
    to.print();
}

void join_history(const plan& how) {
    loop on;
    editors all(on, how, document);
    all.connect(1);
    const std::size_t author = 0;
    (void)state_size(on, all, author);
    const yjs_history written_before(how.edits);
    for (const auto& update : written_before.updates()) {
        all.send(author, update);
    }
    const auto size = state_size(on, all, author);
    figures to;
    to.add("state_bytes", static_cast<double>(size));

    // Each finds an edit that nobody has had the state with.
    all.connect(1 + joins);
    const std::size_t reader = 1;
    (void)state_size(on, all, reader);
    histogram took;
    histogram cost;
    for (std::size_t i = 0; i < joins; ++i) {
        bool known = false;
        all.has_update = [&](std::size_t who, std::string_view) { known |= who == reader; };
        std::string update;
        append_typed(update, client, i, "x");
        all.send(author, update);
        if (!on.run(clock::now() + limit, [&] { return known; })) {
            throw std::runtime_error("an update was not passed on");
        }
        on.run(clock::now() + at_rest, never);
        const auto before = cpu_time(how.process);
        const auto began = clock::now();
        (void)state_size(on, all, 2 + i);
        took.record(clock::now() - began);
        on.run(clock::now() + at_rest, never);
        cost.record(cpu_time(how.process) - before);
    }
    to.add("join_cpu_us", cost.percentile_us(0.5));
    to.add_latencies(took);
    to.print();
}

} // namespace load
