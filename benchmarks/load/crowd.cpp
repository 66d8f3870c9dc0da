#include "load/crowd.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace load {
namespace {

constexpr std::size_t most_connecting = 64; // well below any server's listen backlog
constexpr auto connect_limit = std::chrono::minutes(3);
constexpr auto retry_after = std::chrono::seconds(4);
constexpr auto ask_all_limit = std::chrono::minutes(1);

} // namespace

void crowd::connect(std::size_t count) {
    std::size_t ready = clients_.size();
    const auto wanted = ready + count;
    std::vector<time_point> began(wanted);
    const auto come = [&](std::size_t index) {
        began[index] = clock::now();
        return std::make_unique<websocket_client>(loop_, server_, handlers, index);
    };
    const bool all = loop_.run(clock::now() + connect_limit, [&] {
        while (ready < clients_.size() && clients_[ready]->connected()) {
            ++ready;
        }
        while (clients_.size() < std::min(wanted, ready + most_connecting)) {
            clients_.push_back(come(clients_.size()));
        }
        // A server that loses a packet of a client which is quick would stop the whole run.
        for (auto i = ready; i < clients_.size(); ++i) {
            if (!clients_[i]->connected() && loop_.now() - began[i] > retry_after) {
                clients_[i] = come(i);
                ++retries_;
            }
        }
        return ready == wanted;
    });
    if (!all) {
        throw std::runtime_error(
            "only " + std::to_string(ready) + " of " + std::to_string(wanted) +
            " clients were connected in time");
    }
}

void crowd::ask_all(std::string_view frame) {
    std::vector<std::uint64_t> before;
    for (auto& one : clients_) {
        before.push_back(one->acks);
        one->send(frame);
    }
    std::size_t answered = 0;
    const bool all = loop_.run(clock::now() + ask_all_limit, [&] {
        while (answered < size() && clients_[answered]->acks > before[answered]) {
            ++answered;
        }
        return answered == size();
    });
    if (!all) {
        throw std::runtime_error("not every client had its ack in time");
    }
}

std::string crowd::ask(websocket_client& one, std::string_view event, duration limit) {
    constexpr std::string_view id = "7000000"; // of no scenario's own requests
    std::string answer;
    auto others =
        std::exchange(handlers.packet, [&](websocket_client& from, std::string_view packet) {
            if (&from == &one && packet.starts_with('3') && packet.substr(1).starts_with(id)) {
                answer = packet.substr(1 + id.size());
            }
        });
    one.send(text_frame("42" + std::string(id) + std::string(event)));
    const bool answered = loop_.run(clock::now() + limit, [&] { return !answer.empty(); });
    handlers.packet = std::move(others);
    if (!answered) {
        throw std::runtime_error("no answer to " + std::string(event));
    }
    return answer;
}

} // namespace load
