// What the engine is asked: of one shard, or of all and put together.
#include "eio/server.hpp"
#include "eio/session.hpp"
#include "engine/ask.hpp"
#include "engine/chooser.hpp"
#include "engine/engine.hpp"
#include "engine/outbox.hpp"
#include "sio/server.hpp"
#include "sio/socket.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <span>
#include <stdexcept>
#include <utility>

namespace engine {

template <class Question>
auto engine::ask(unsigned shard, Question question) {
    return ::engine::ask(current(), shard, std::move(question));
}

template <class Question>
auto engine::ask_all(Question question) {
    return ::engine::ask_all(current(), std::move(question));
}

namespace {

template <class Item>
std::vector<Item> joined(std::vector<std::vector<Item>>&& lists) {
    if (lists.empty())
        return {};
    auto all = std::move(lists.front());
    for (auto& each : std::span(lists).subspan(1))
        std::ranges::move(each, std::back_inserter(all));
    return all;
}

std::vector<std::string> united(std::vector<std::vector<std::string>>&& lists) {
    const bool repeats = lists.size() > 1;
    auto all = joined(std::move(lists));
    if (repeats) {
        std::ranges::sort(all);
        all.erase(std::unique(all.begin(), all.end()), all.end());
    }
    return all;
}

bool is_in(const sio::socket& who, std::string_view room) {
    return who.sid.view() == room || std::ranges::any_of(who.rooms_joined, [=](const auto& each) {
               return each.first->name == room;
           });
}

} // namespace

sio::room_result
engine::enter_room(std::string_view sid, std::string_view nsp, std::string_view room) {
    using sio::room_result;
    const auto in_use = current();
    if (!in_use)
        return room_result::unknown_namespace;
    // A client of another shard may be what the room is named after: its shard knows.
    const auto namesake = base::shard_of(room, options_.threads);
    bool is_sid = false;
    if (options_.threads > 1 && namesake && room != sid) {
        is_sid = ask(*namesake, [=](shard_context& in) { return in.sio().is_sid(room, nsp); });
        if (!is_sid)
            in_use->room_like_a_sid = true; // before it has a member
    }
    auto result = ask(owner(sid), [=](shard_context& in) {
        if (!is_sid || !in.sio().find(sid, nsp))
            return in.sio().enter_room(sid, nsp, room);
        return room_result::is_sid;
    });
    if (result == room_result::unknown_namespace && options_.threads > 1 &&
        std::ranges::count(namespaces(), nsp) != 0)
        result = room_result::unknown_sid; // it is known elsewhere
    return result;
}

sio::room_result engine::close_room(std::string_view room, std::string_view nsp) {
    using sio::room_result;
    const auto results = ask_all([=](shard_context& in) { return in.sio().close_room(room, nsp); });
    return std::ranges::count(results, room_result::is_sid) != 0 ? room_result::is_sid
                                                                 : room_result::ok;
}

std::vector<std::string> engine::rooms(std::string_view sid, std::string_view nsp) {
    return ask(owner(sid), [=](shard_context& in) { return in.sio().rooms(sid, nsp); });
}

std::vector<std::pair<std::string, std::string>>
engine::participants(std::string_view nsp, const sio::selection& whom) {
    return joined(
        ask_all([nsp, &whom](shard_context& in) { return in.sio().participants(nsp, whom); }));
}

std::vector<std::string> engine::receivers(
    std::string_view nsp, const sio::selection& whom, const std::vector<std::string>& among) {
    const chooser chosen(whom);
    return joined(ask_all([nsp, &chosen, &among](shard_context& in) {
        std::vector<std::string> found;
        for (const auto& sid : among)
            if (const auto* each = in.sio().find(sid, nsp);
                each && each->receives() && chosen.selects(*each))
                found.push_back(sid);
        return found;
    }));
}

std::vector<std::string> engine::away(std::string_view nsp, const sio::selection& whom) {
    return joined(ask_all([nsp, &whom](shard_context& in) { return in.sio().away(nsp, whom); }));
}

std::size_t engine::room_size(std::string_view nsp, const std::optional<std::string>& room) {
    std::size_t size = 0;
    for (const auto each :
         ask_all([nsp, &room](shard_context& in) { return in.sio().room_size(nsp, room); }))
        size += each;
    return size;
}

bool engine::in_room(std::string_view sid, std::string_view nsp, std::string_view room) {
    return ask(owner(sid), [=](shard_context& in) {
        const auto* found = in.sio().find(sid, nsp);
        return found && is_in(*found, room);
    });
}

std::vector<std::string> engine::namespaces() {
    return united(ask_all([](shard_context& in) { return in.sio().namespaces(); }));
}

std::vector<std::string> engine::room_names(std::string_view nsp) {
    return united(ask_all([=](shard_context& in) { return in.sio().room_names(nsp); }));
}

bool engine::is_connected(std::string_view sid, std::string_view nsp) {
    return ask(owner(sid), [=](shard_context& in) {
        const auto* found = in.sio().find(sid, nsp);
        return found && found->state == sio::socket_state::connected;
    });
}

std::optional<std::string> engine::eio_sid(std::string_view sid, std::string_view nsp) {
    return ask(owner(sid), [=](shard_context& in) {
        const auto* found = in.sio().find(sid, nsp);
        return found ? std::optional(found->eio_sid.str()) : std::nullopt;
    });
}

std::optional<std::string> engine::sid(std::string_view eio_sid, std::string_view nsp) {
    return ask(host(eio_sid), [=](shard_context& in) {
        const auto* found = in.sio().find_of_session(eio_sid, nsp);
        return found ? std::optional(found->sid.str()) : std::nullopt;
    });
}

std::optional<std::string> engine::transport(std::string_view eio_sid) {
    return ask(owner(eio_sid), [=](shard_context& in) {
        const auto* found = in.eio().find(eio_sid);
        return found ? std::optional<std::string>(eio::to_string(found->transport_in_use()))
                     : std::nullopt;
    });
}

std::optional<std::string> engine::transport_path(std::string_view eio_sid) {
    return ask(owner(eio_sid), [=](shard_context& in) {
        const auto* found = in.eio().find(eio_sid);
        return found ? std::optional<std::string>(eio::to_string(found->came_by())) : std::nullopt;
    });
}

bool engine::join(std::string_view eio_sid, std::string_view nsp) {
    return ask(owner(eio_sid), [=](shard_context& in) { return in.sio().join(eio_sid, nsp); });
}

bool engine::take_ack(std::string_view sid, std::string_view nsp, sio::ack_token token) {
    return ask(owner(sid), [=](shard_context& in) { return in.sio().take_ack(sid, nsp, token); });
}

std::optional<eio::http_request> engine::request_head(std::string_view eio_sid) {
    return ask(host(eio_sid), [=](shard_context& in) -> std::optional<eio::http_request> {
        if (auto found = in.eio().request_of(eio_sid))
            return found;
        return in.sio().request_of_closed(eio_sid);
    });
}

std::vector<std::string> engine::sessions() {
    return joined(ask_all([raw = options_.raw](shard_context& in) {
        return raw ? in.eio().sids() : in.sio().sessions();
    }));
}

statistics engine::stats() {
    statistics total;
    for (const auto& each : ask_all([](shard_context& in) {
             return statistics{
                 .sessions = in.eio().session_count(),
                 .sockets = in.sio().socket_count(),
                 .rooms = in.sio().room_count(),
                 .connections = in.connection_count(),
                 .queued_bytes = in.eio().queued_bytes()};
         })) {
        total.sessions += each.sessions;
        total.sockets += each.sockets;
        total.rooms += each.rooms;
        total.connections = each.connections; // of all together
        total.queued_bytes += each.queued_bytes;
    }
    return total;
}

admin_statistics engine::admin_stats() {
    admin_statistics total;
    for (auto& each : ask_all([](shard_context& in) {
             return admin_statistics{
                 .traffic = in.eio().counted(),
                 .sessions = in.eio().session_count(),
                 .sockets = in.sio().socket_counts(),
                 .recovery = in.sio().recovery_counted()};
         })) {
        total.traffic += each.traffic;
        total.sessions += each.sessions;
        if (each.recovery)
            (total.recovery ? *total.recovery : total.recovery.emplace()) += *each.recovery;
        for (auto& [nsp, count] : each.sockets) {
            const auto known =
                std::ranges::find(total.sockets, nsp, &std::pair<std::string, std::size_t>::first);
            if (known == total.sockets.end())
                total.sockets.emplace_back(std::move(nsp), count);
            else
                known->second += count;
        }
    }
    return total;
}

namespace {

std::vector<socket_details>
described(shard_context& in, std::string_view nsp, const std::vector<std::string>& sids) {
    std::vector<socket_details> list;
    for (const auto& sid : sids) {
        const auto* found = in.sio().find(sid, nsp);
        const auto* session = found ? in.eio().find(found->eio_sid) : nullptr;
        if (session)
            list.push_back(
                {.sid = sid,
                 .eio_sid = found->eio_sid.str(),
                 .transport = eio::to_string(session->transport_in_use()),
                 .rooms = in.sio().rooms(sid, nsp),
                 .request = session->request(),
                 .age = std::chrono::floor<std::chrono::milliseconds>(
                     in.now() - session->opened_at())});
    }
    return list;
}

} // namespace

std::vector<socket_details>
engine::describe(std::string_view nsp, const std::vector<std::string>& sids) {
    return joined(ask_all([nsp, &sids](shard_context& in) { return described(in, nsp, sids); }));
}

std::optional<std::size_t> engine::queued_bytes(std::string_view eio_sid) {
    const auto queued = [=](shard_context& in) {
        const auto* found = in.eio().find(eio_sid);
        return found ? std::optional(found->queued_bytes()) : std::nullopt;
    };
    const auto home = owner(eio_sid);
    const auto served = host(eio_sid);
    const auto here = ask(home, queued);
    if (!here || served == home)
        return here;
    return *here + ask(served, queued).value_or(0);
}

std::vector<std::pair<std::string, std::size_t>> engine::slowest(std::size_t most) {
    auto all = joined(ask_all([most](shard_context& in) { return in.eio().slowest(most); }));
    // Those that are lent are on two shards.
    std::ranges::sort(all);
    std::size_t count = 0;
    for (auto& each : all)
        if (count != 0 && all[count - 1].first == each.first)
            all[count - 1].second += each.second;
        else
            std::swap(all[count++], each);
    all.resize(count);
    std::ranges::sort(all, std::ranges::greater{}, &std::pair<std::string, std::size_t>::second);
    all.resize(std::min(most, all.size()));
    return all;
}

void engine::catch_up() {
    (void)ask_all([](shard_context&) { return 0; });
}

base::clock::duration engine::pass_time(base::clock::duration most) {
    auto by = most;
    for (const auto due : ask_all([](shard_context& in) { return in.due_in(); }))
        by = std::min(by, due);
    (void)ask_all([by](shard_context& in) {
        in.pass_time(by);
        return 0;
    });
    return by;
}

bool engine::settled() {
    // What a shard has posted to another one is done by the next round. Nothing goes to and fro
    // more often than a client that comes back: asked about, known, served there, answered.
    const int rounds = options_.threads > 1 ? 4 : 1;
    for (int round = 0; round < rounds; ++round)
        for (const int open : ask_all([](shard_context& in) {
                 return static_cast<int>(in.turn_open() || in.eio().awaits_relay());
             }))
            if (open != 0)
                return false;
    return out_->box.empty();
}

std::pair<std::string, std::uint16_t>
engine::listen(const std::string& host, std::uint16_t port, const std::string& path) {
    if (!running())
        throw std::logic_error("the engine does not run");
    return ask(shards::listening, [&](shard_context& in) { return in.listen(host, port, path); });
}

} // namespace engine
