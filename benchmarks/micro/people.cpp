// Presence: a client comes and goes, and those in its topic are told; and what 100,000 entries
// hold in memory.
#include "features/people/board.hpp"
#include "micro/parts.hpp"
#include "micro/stopwatch.hpp"

#include <chrono>
#include <cstdio>
#include <malloc.h>
#include <string>
#include <vector>

namespace micro {
namespace {

using namespace std::chrono_literals;
using features::people::board;

class nobody_listens final : public sio::room_api {
public:
    void emit(std::string_view, const sio::selection&, const sio::arguments& args) override {
        bytes += args.json.size();
    }
    void
    send_ack(std::string_view, std::string_view, std::uint64_t, const sio::arguments&) override {}
    void enter_room(std::string_view, std::string_view, std::string_view) override {}
    void leave_room(std::string_view, std::string_view, std::string_view) override {}
    void disconnect(std::string_view, std::string_view) override {}
    std::size_t bytes = 0;
};

base::sid sid(std::size_t number) {
    auto text = std::to_string(number);
    // The front is what tells sids apart, as in real ones.
    text.resize(base::sid::length, 'x');
    return *base::sid::parse(text);
}

// Like a UUID.
std::string key(std::size_t number) {
    char text[37];
    const auto mixed = (number + 1) * 0x9E3779B97F4A7C15U;
    std::snprintf(
        text,
        sizeof(text),
        "%08x-%04x-4000-8000-%012zx",
        static_cast<unsigned>(mixed >> 32),
        static_cast<unsigned>(mixed & 0xFFFF),
        number);
    return text;
}

constexpr const char* meta = R"({"name":"A user","color":"#336699"})";

std::vector<std::string> keys_of(std::size_t count) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < count; ++i)
        keys.push_back(key(i));
    return keys;
}

} // namespace

// Those who come within a tick are told of in one diff.
void presence_figure() {
    nobody_listens rooms;
    board at({}, rooms, {}, 0ms);
    base::time_point now{1h};
    const auto keys = keys_of(500);
    const auto found = timed(
        keys.size(),
        [&] {
            for (std::size_t i = 0; i < keys.size(); ++i)
                keep(at.track("/,room", keys[i], sid(i + 1), meta, false, now));
            at.sweep(now += 50ms);
        },
        [&] {
            for (std::size_t i = 0; i < keys.size(); ++i)
                at.untrack("/,room", sid(i + 1), now);
            at.sweep(now += 50ms);
        });
    std::printf("{\"track_us\":%.6g}\n", median(found) / 1000);
}

void people() {
    nobody_listens rooms;
    {
        board at({}, rooms, {}, 0ms);
        base::time_point now{1h};
        const auto keys = keys_of(500);
        const auto measured = [&](const char* name, auto work) {
            measure(name, keys.size(), work, [] {});
        };
        measured("presence, track and its part of a diff of 500, and untrack", [&] {
            for (std::size_t i = 0; i < keys.size(); ++i)
                keep(at.track("/,room", keys[i], sid(i + 1), meta, false, now));
            at.sweep(now += 50ms);
            for (std::size_t i = 0; i < keys.size(); ++i)
                at.untrack("/,room", sid(i + 1), now);
            at.sweep(now += 50ms);
        });
        std::size_t turn = 0;
        measure("presence, track and a diff of its own, and untrack", [&] {
            const auto each = ++turn % keys.size();
            keep(at.track("/,room", keys[each], sid(each + 1), meta, false, now));
            at.sweep(now += 50ms);
            at.untrack("/,room", sid(each + 1), now);
            at.sweep(now += 50ms);
        });
    }
    const auto before = mallinfo2().uordblks;
    board at({}, rooms, {}, 0ms);
    base::time_point now{1h};
    constexpr std::size_t count = 100'000;
    for (std::size_t i = 0; i < count; ++i)
        keep(at.track("/,room " + std::to_string(i % 1'000), key(i), sid(i + 1), meta, false, now));
    at.sweep(now += 50ms);
    std::printf(
        "%zu entries of presence: %.1f MB\n",
        count,
        static_cast<double>(mallinfo2().uordblks - before) / 1e6);
}

} // namespace micro
