// Of each client how much there is from its first clock on without a gap: what a peer says it has,
// to be sent the rest.
#pragma once

#include "features/yjs/update.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace features::yjs {

class state_vector {
public:
    state_vector() = default;
    // Ranges behind a gap do not count.
    explicit state_vector(const range_set& structs);

    // The clock that is next of a client; 0 of one that is unknown.
    [[nodiscard]] std::uint64_t next_clock(std::uint64_t client) const noexcept;
    // Of each client one range that begins at 0.
    [[nodiscard]] const range_set& clients() const noexcept { return clients_; }
    friend bool operator==(const state_vector&, const state_vector&) = default;

private:
    range_set clients_;
};

// All is checked. Of a client that is named twice the lower clock counts: it may be sent what it
// has, and not be left without what it has not.
[[nodiscard]] std::variant<state_vector, reject> decode_state_vector(std::string_view bytes);

[[nodiscard]] std::string encode_state_vector(const state_vector&);
// Of a state that was decoded before.
[[nodiscard]] std::string encode_state_vector(std::string_view state);

} // namespace features::yjs
