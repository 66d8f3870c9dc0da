#include "features/people/presence_json.hpp"

#include "base/json.hpp"

#include <algorithm>

namespace features::people {

namespace {

using base::json::append_quoted;

void begin(std::string& out, std::string_view name) {
    out += R"({"topic":)";
    append_quoted(out, name);
}

void end(std::string& out, const topic& of) {
    out += R"(,"count":)";
    out += std::to_string(of.users);
    out += '}';
}

// Of an entry, or of one that has departed.
template <class Entry>
void append_entry(std::string& out, const Entry& each, audience who) {
    out += R"({"ref":")";
    out += each.ref.view();
    out += R"(","joined_at":)";
    out += std::to_string(each.joined_at);
    out += each.idle ? R"(,"idle":true,"meta":)" : R"(,"idle":false,"meta":)";
    out += each.meta;
    if (who == audience::application) {
        out += R"(,"node":)";
        out += std::to_string(each.node);
        out += R"(,"sid":)";
        if (each.sid == base::sid())
            out += "null";
        else
            append_quoted(out, each.sid);
    }
    out += '}';
}

std::string_view key_of(const entry& of) {
    return of.key();
}
std::string_view key_of(const departed& of) {
    return of.key;
}

// {key: [entry, …], …} of entries that are in order.
template <class Entries>
void append_by_key(std::string& out, const Entries& entries, audience who) {
    out += '{';
    std::string_view open;
    bool first = true;
    for (const auto& each : entries) {
        if (!first && key_of(*each) == open) {
            out += ',';
        } else {
            out += first ? "" : "],";
            open = key_of(*each);
            append_quoted(out, open);
            out += ":[";
        }
        append_entry(out, *each, who);
        first = false;
    }
    out += first ? "}" : "]}";
}

void append_keys(std::string& out, std::string_view name, const topic& of, bool online) {
    out += ",\"";
    out += name;
    out += "\":[";
    bool first = true;
    for (const auto& [key, was_online] : of.were_online) {
        if (was_online == online || of.has(key) != online)
            continue;
        out += first ? "" : ",";
        append_quoted(out, key);
        first = false;
    }
    out += ']';
}

template <class Entry>
void in_order(std::vector<const Entry*>& list) {
    std::ranges::sort(
        list, {}, [](const Entry* each) { return std::pair(key_of(*each), each->ref.view()); });
}

} // namespace

std::string state_json(std::string_view name, const topic& of) {
    std::string out;
    begin(out, name);
    out += R"(,"presences":)";
    append_by_key(out, of.entries, audience::clients);
    end(out, of);
    return out;
}

std::string diff_json(std::string_view name, const topic& of, audience who) {
    std::vector<const entry*> joins;
    for (const auto* each : of.changed)
        if (each && (who == audience::application || each->changed == news::shown))
            joins.push_back(each);
    std::vector<const departed*> leaves;
    for (const auto& each : of.left)
        leaves.push_back(&each);
    in_order(joins);
    in_order(leaves);
    std::string out;
    begin(out, name);
    out += R"(,"joins":)";
    append_by_key(out, joins, who);
    out += R"(,"leaves":)";
    append_by_key(out, leaves, who);
    append_keys(out, "online", of, true);
    append_keys(out, "offline", of, false);
    end(out, of);
    return out;
}

std::string count_json(std::string_view name, const topic& of) {
    std::string out;
    begin(out, name);
    end(out, of);
    return out;
}

} // namespace features::people
