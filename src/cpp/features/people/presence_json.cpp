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
const entry& entry_in(const entry& of) {
    return of;
}
template <class Entry>
const Entry& entry_in(const Entry* of) {
    return *of;
}

// {key: [entry, …], …} of entries that are in order.
template <class Entries>
void append_by_key(std::string& out, const Entries& entries, audience who) {
    out += '{';
    std::string_view open;
    bool first = true;
    for (const auto& in : entries) {
        const auto& each = entry_in(in);
        if (!first && key_of(each) == open) {
            out += ',';
        } else {
            out += first ? "" : "],";
            open = key_of(each);
            append_quoted(out, open);
            out += ":[";
        }
        append_entry(out, each, who);
        first = false;
    }
    out += first ? "}" : "]}";
}

// The different keys of these that are `chosen`.
template <class Entries, class Choice>
void append_keys(std::string& out, const char* name, const Entries& entries, Choice chosen) {
    out += ",\"";
    out += name;
    out += "\":[";
    std::string_view last;
    bool first = true;
    for (const auto* each : entries) {
        const auto key = key_of(*each);
        if (key == last)
            continue;
        last = key;
        if (!chosen(key))
            continue;
        out += first ? "" : ",";
        append_quoted(out, key);
        first = false;
    }
    out += ']';
}

// None of the topic's entries of this key has been told of before.
bool only_fresh(const topic& in, std::string_view key) {
    auto each = in.entries.lower_bound(std::pair(key, std::string_view()));
    for (; each != in.entries.end() && each->key() == key; ++each)
        if (!each->fresh)
            return false;
    return true;
}

bool has_key(const std::vector<const departed*>& in_order, std::string_view key) {
    const auto found = std::ranges::lower_bound(
        in_order, key, {}, [](const departed* each) { return std::string_view(each->key); });
    return found != in_order.end() && (*found)->key == key;
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
    append_keys(out, "online", joins, [&](std::string_view key) {
        return only_fresh(of, key) && !has_key(leaves, key);
    });
    append_keys(out, "offline", leaves, [&](std::string_view key) { return !of.has(key); });
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
