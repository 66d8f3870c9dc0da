// Who is in a document and where their cursors are, in the words of either dialect: y-protocols'
// awareness, and Open WebUI's JSON of the same states without clocks. Belongs to one thread.
#pragma once

#include "features/yjs/options.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace features::yjs {

struct cursor {
    std::string owner; // the sid whose it is
    std::uint64_t clock = 0;
    std::string json; // an object, or null
};

// Some of a table's, by the number that Yjs gives a client.
using cursor_set = std::map<std::uint64_t, cursor>;

class cursors {
public:
    // So many that one member may have: an editor has one.
    static constexpr std::size_t max_of_member = 16;

    cursors(const options& chosen, counters& counted) : options_(chosen), counters_(counted) {}

    enum class outcome : std::uint8_t { taken, malformed, too_large };
    // What a member says of itself; into `changed` comes what the others are to be told. A cursor
    // belongs to who has named it first, unless `may_take(owner)`: an editor that comes back with
    // its old number, while its old connection has not been missed.
    template <class MayTake>
    [[nodiscard]] outcome take_protocol(
        const std::string& sid, std::string_view update, MayTake may_take, cursor_set& changed);
    template <class MayTake>
    [[nodiscard]] outcome
    take_json(const std::string& sid, std::string_view text, MayTake may_take, cursor_set& changed);
    // They are gone, and are told so.
    [[nodiscard]] cursor_set remove_of(std::string_view sid);

    [[nodiscard]] const cursor_set& all() const noexcept { return all_; }

private:
    struct said {
        std::uint64_t client;
        std::uint64_t clock; // 0: the next
        std::string_view json;
    };
    [[nodiscard]] outcome read_protocol(std::string_view update, std::vector<said>& into) const;
    [[nodiscard]] outcome read_json(std::string_view text, std::vector<said>& into) const;
    // Null: this member may not.
    [[nodiscard]] cursor* find_or_add(std::uint64_t client, const std::string& sid, bool gone);
    static void put(cursor& known, const said& next);
    template <class MayTake>
    void take(
        const std::string& sid,
        const std::vector<said>& list,
        MayTake& may_take,
        cursor_set& changed);

    const options& options_;
    counters& counters_;
    cursor_set all_;
};

// As y-protocols and as Open WebUI have them. The latter knows no end of a cursor, so that those
// who are gone keep their name and have no place.
[[nodiscard]] std::string as_protocol(const cursor_set& some);
[[nodiscard]] std::string as_json(const cursor_set& some);

template <class MayTake>
void cursors::take(
    const std::string& sid, const std::vector<said>& list, MayTake& may_take, cursor_set& changed) {
    for (const auto& each : list) {
        const bool gone = each.json == "null";
        auto* known = find_or_add(each.client, sid, gone);
        if (!known)
            continue;
        // First: y-socket.io's clients send back what they are told, and take nothing by it.
        if (each.clock != 0 && each.clock < known->clock + (gone ? 0 : 1))
            continue;
        if (known->owner != sid) {
            // Nobody ends another's cursor: its own end is noticed here.
            if (gone || !may_take(known->owner)) {
                ++counters_.awareness_foreign;
                continue;
            }
            known->owner = sid;
        }
        put(*known, each);
        changed[each.client] = *known;
        if (gone)
            all_.erase(each.client);
    }
}

template <class MayTake>
cursors::outcome cursors::take_protocol(
    const std::string& sid, std::string_view update, MayTake may_take, cursor_set& changed) {
    std::vector<said> list;
    const auto read = read_protocol(update, list);
    if (read == outcome::taken)
        take(sid, list, may_take, changed);
    return read;
}

template <class MayTake>
cursors::outcome cursors::take_json(
    const std::string& sid, std::string_view text, MayTake may_take, cursor_set& changed) {
    std::vector<said> list;
    const auto read = read_json(text, list);
    if (read == outcome::taken)
        take(sid, list, may_take, changed);
    return read;
}

} // namespace features::yjs
