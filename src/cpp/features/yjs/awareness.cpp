#include "features/yjs/awareness.hpp"

#include <algorithm>

namespace features::yjs {
namespace {

// JSON.stringify writes no white space, but another may.
std::string_view trimmed(std::string_view json) noexcept {
    constexpr std::string_view space = " \t\r\n";
    const std::size_t begin = std::min(json.find_first_not_of(space), json.size());
    const std::size_t end = json.find_last_not_of(space) + 1;
    return json.substr(begin, end - begin);
}

} // namespace

std::variant<std::vector<awareness_state>, reject> decode_awareness(std::string_view update) {
    lib0::reader in(update);
    std::vector<awareness_state> states;
    for (std::uint64_t left = in.count(4); left > 0 && in.fault() == nullptr; --left) {
        awareness_state next;
        next.client = in.number();
        next.clock = in.number();
        if (next.clock == lib0::max_integer)
            in.fail("a clock leaves no room for a removal");
        next.json = trimmed(in.json());
        states.push_back(next);
    }
    if (in.left() > 0)
        in.fail("bytes follow its end");
    if (in.fault() != nullptr)
        return reject{in.fault()};
    return states;
}

std::string encode_awareness(std::span<const awareness_state> states) {
    std::string out;
    lib0::append_number(out, states.size());
    for (const awareness_state& each : states) {
        lib0::append_number(out, each.client);
        lib0::append_number(out, each.clock);
        lib0::append_text(out, each.json);
    }
    return out;
}

} // namespace features::yjs
