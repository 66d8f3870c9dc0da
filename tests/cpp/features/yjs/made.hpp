// Updates made by hand.
#pragma once

#include "features/yjs/merge.hpp"
#include "features/yjs/update.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace made {

namespace yjs = features::yjs;

inline std::string bytes(std::initializer_list<int> values) {
    std::string out;
    for (const int each : values)
        out += static_cast<char>(each);
    return out;
}

inline std::string number(std::uint64_t value) {
    std::string out;
    yjs::lib0::append_number(out, value);
    return out;
}

inline std::string text(std::string_view utf8) {
    std::string out;
    yjs::lib0::append_text(out, utf8);
    return out;
}

inline std::string id(const yjs::id& each) {
    return number(each.client) + number(each.clock);
}

// Structs. An item is its kind, where it is, and its content.
inline std::string item(yjs::content_kind kind, const std::string& content) {
    return bytes({static_cast<int>(kind), 1}) + text("t") + content; // first of the type "t"
}
inline std::string
item_behind(yjs::content_kind kind, const yjs::id& origin, const std::string& content) {
    return bytes({static_cast<int>(kind) | 0x80}) + id(origin) + content;
}
inline std::string item_between(
    yjs::content_kind kind, const yjs::id& left, const yjs::id& right, const std::string& content) {
    return bytes({static_cast<int>(kind) | 0xC0}) + id(left) + id(right) + content;
}
inline std::string typed(std::string_view utf8) {
    return item(yjs::content_kind::string, text(utf8));
}
inline std::string typed_behind(const yjs::id& origin, std::string_view utf8) {
    return item_behind(yjs::content_kind::string, origin, text(utf8));
}
inline std::string gc(std::uint64_t length) {
    return bytes({0}) + number(length);
}
inline std::string skip(std::uint64_t length) {
    return bytes({10}) + number(length);
}

struct section {
    std::uint64_t client;
    std::uint64_t clock;
    std::vector<std::string> structs;
};

inline std::string update(const std::vector<section>& sections, yjs::range_set deletes = {}) {
    std::string out = number(sections.size());
    for (const section& each : sections) {
        out += number(each.structs.size()) + number(each.client) + number(each.clock);
        for (const std::string& one : each.structs)
            out += one;
    }
    yjs::normalise(deletes);
    yjs::append_delete_set(out, deletes);
    return out;
}

// Why it was refused; empty if it was not.
inline std::string refusal(std::string_view bytes) {
    const auto decoded = yjs::decode(bytes);
    const auto* refused = std::get_if<yjs::reject>(&decoded);
    return refused != nullptr ? refused->reason : "";
}

inline yjs::summary summary(std::string_view bytes) {
    const auto decoded = yjs::decode(bytes);
    BOOST_REQUIRE_EQUAL(refusal(bytes), "");
    return std::get<yjs::summary>(decoded);
}

inline std::string
merged(std::initializer_list<std::string_view> updates, const yjs::merge_options& options = {}) {
    const std::vector<std::string_view> given(updates);
    std::string out = yjs::merge(given, options);
    BOOST_TEST(yjs::is_merge_of(out, given));
    return out;
}

} // namespace made

namespace features::yjs {

inline std::ostream& operator<<(std::ostream& out, const range& each) {
    return out << each.client << ':' << each.clock << '+' << each.length;
}

} // namespace features::yjs
