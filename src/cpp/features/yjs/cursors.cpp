#include "features/yjs/cursors.hpp"

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "features/yjs/awareness.hpp"
#include "features/yjs/json_members.hpp"
#include "features/yjs/lib0.hpp"

#include <algorithm>
#include <charconv>
#include <variant>

namespace features::yjs {

namespace {

// An object's depth that every editor reads.
constexpr base::json::limits state_limits{.depth = 64, .elements = 1'000, .non_finite = false};

} // namespace

cursors::outcome cursors::read_protocol(std::string_view update, std::vector<said>& into) const {
    const auto decoded = decode_awareness(update);
    if (std::holds_alternative<reject>(decoded))
        return outcome::malformed;
    for (const auto& each : std::get<std::vector<awareness_state>>(decoded)) {
        if (each.json.size() > options_.max_awareness_bytes)
            return outcome::too_large;
        // A clock of 0 is a client that has said nothing yet, and has no state either.
        if (each.clock != 0)
            into.push_back({each.client, each.clock, each.json});
    }
    return outcome::taken;
}

cursors::outcome cursors::read_json(std::string_view text, std::vector<said>& into) const {
    if (text.size() > max_of_member * (options_.max_awareness_bytes + 32))
        return outcome::too_large;
    json_members in(text);
    if (!in.is_object() || !base::is_utf8(text) || !base::json::valid(text, state_limits))
        return outcome::malformed;
    while (const auto each = in.next()) {
        std::uint64_t client = 0;
        const auto* const last = each->key.data() + each->key.size();
        const auto number = std::from_chars(each->key.data(), last, client);
        const bool is_state = each->value.front() == '{' || each->value == "null";
        if (number.ec != std::errc{} || number.ptr != last || client > lib0::max_integer ||
            !is_state)
            return outcome::malformed;
        if (each->value.size() > options_.max_awareness_bytes)
            return outcome::too_large;
        into.push_back({client, 0, each->value});
    }
    return outcome::taken;
}

cursor* cursors::find_or_add(std::uint64_t client, const std::string& sid, bool gone) {
    if (const auto known = all_.find(client); known != all_.end())
        return &known->second;
    const auto own = [&](const auto& each) { return each.second.owner == sid; };
    if (gone || std::ranges::count_if(all_, own) >= static_cast<std::ptrdiff_t>(max_of_member))
        return nullptr;
    return &all_.emplace(client, cursor{.owner = sid, .clock = 0, .json = {}}).first->second;
}

void cursors::put(cursor& known, const said& next) {
    known.clock = next.clock != 0 ? next.clock : known.clock + 1;
    if (next.json != "null") {
        known.json = next.json;
        return;
    }
    // Its name is what Open WebUI needs to take the place away.
    auto user = std::string("{\"user\":");
    std::string_view name = "null";
    for (json_members in(known.json); const auto each = in.next();)
        if (each->key == "user")
            name = each->value;
    user.append(name).append(",\"cursor\":null}");
    known.json = std::move(user);
    known.owner.clear();
}

cursor_set cursors::remove_of(std::string_view sid) {
    cursor_set gone;
    for (auto each = all_.begin(); each != all_.end();) {
        if (each->second.owner != sid) {
            ++each;
            continue;
        }
        put(each->second, {.client = each->first, .clock = 0, .json = "null"});
        gone.insert(all_.extract(each++));
    }
    return gone;
}

std::string as_protocol(const cursor_set& some) {
    std::vector<awareness_state> list;
    list.reserve(some.size());
    for (const auto& [client, each] : some)
        list.push_back(
            {.client = client,
             .clock = each.clock,
             .json = each.owner.empty() ? std::string_view("null") : each.json});
    return encode_awareness(list);
}

std::string as_json(const cursor_set& some) {
    std::string text = "{";
    for (const auto& [client, each] : some) {
        if (text.size() > 1)
            text += ',';
        text.append("\"").append(std::to_string(client)).append("\":").append(each.json);
    }
    return text += '}';
}

} // namespace features::yjs
