#include "features/yjs/state_vector.hpp"

#include <algorithm>

namespace features::yjs {

state_vector::state_vector(const range_set& structs) {
    for (const range& each : structs) {
        if (each.clock == 0)
            clients_.push_back(each);
    }
}

std::uint64_t state_vector::next_clock(std::uint64_t client) const noexcept {
    const auto found = std::ranges::lower_bound(clients_, range{client}, precedes);
    return found != clients_.end() && found->client == client ? found->length : 0;
}

std::variant<state_vector, reject> decode_state_vector(std::string_view bytes) {
    lib0::reader in(bytes);
    range_set clients;
    for (std::uint64_t left = in.count(2); left > 0 && in.fault() == nullptr; --left) {
        const std::uint64_t client = in.number();
        clients.push_back({client, 0, in.number()});
    }
    if (in.left() > 0)
        in.fail("bytes follow its end");
    if (in.fault() != nullptr)
        return reject{in.fault()};
    std::ranges::sort(clients, [](const range& left, const range& right) {
        return left.client != right.client ? left.client > right.client
                                           : left.length < right.length;
    });
    // Not std::ranges::unique, which clang 14 does not compile.
    const auto same = [](const range& left, const range& right) {
        return left.client == right.client;
    };
    clients.erase(std::unique(clients.begin(), clients.end(), same), clients.end());
    normalise(clients); // without those that have nothing
    return state_vector(clients);
}

std::string encode_state_vector(const state_vector& vector) {
    std::string out;
    lib0::append_number(out, vector.clients().size());
    for (const range& each : vector.clients()) {
        lib0::append_number(out, each.client);
        lib0::append_number(out, each.length);
    }
    return out;
}

std::string encode_state_vector(std::string_view state) {
    const auto decoded = decode(state);
    const auto* known = std::get_if<summary>(&decoded);
    return encode_state_vector(known != nullptr ? state_vector(known->structs) : state_vector());
}

} // namespace features::yjs
